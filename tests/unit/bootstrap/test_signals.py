"""A process ends when it is told to, cleans up, and never hangs."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys
from orchestrator.bootstrap import signals
signals.STOP_WITHIN_S = {within}

async def main():
    try:
        print("up", flush=True)
        await asyncio.Event().wait()
    finally:
        print("cleaning", flush=True)
        await asyncio.sleep({cleaning})
        print("clean", flush=True)

signals.run_until_told(main())
"""


def process(*, within: float = 30.0, cleaning: float = 0.0) -> "subprocess.Popen[str]":
    """A process that is up."""
    program = PROGRAM.format(within=within, cleaning=cleaning)
    child = subprocess.Popen(  # pylint: disable=consider-using-with  # the caller does
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    return child


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_cleans_up_and_ends_well(number: signal.Signals) -> None:
    with process() as child:
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (0, "cleaning\nclean\n", "")


LATE = """
import asyncio
from orchestrator.bootstrap.signals import run_until_told

async def main():
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.transport.abort()
    await asyncio.sleep(0.05)
    writer.write(b"late")
    return 0

raise SystemExit(run_until_told(main()))
"""


def test_what_is_written_to_a_connection_that_is_gone_is_no_error() -> None:
    """aiokafka counts on that. A loop that raises here, as uvloop's does, ends the task that learns
    who leads a partition when a broker goes at the wrong moment, and all wait for ever (ADR 0010).
    """
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_second_signal_ends_it_at_once() -> None:
    with process(cleaning=1_000) as child:
        child.send_signal(signal.SIGTERM)
        assert child.stdout is not None
        assert child.stdout.readline() == "cleaning\n"
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 1


def test_cleaning_up_for_too_long_ends_it_and_says_so() -> None:
    with process(within=0.05, cleaning=1_000) as child:
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=30)
    assert child.returncode == 1
    assert err.startswith("saga: not stopped within")
    assert "still under way: " in err and "main" in err, "it says what holds it up"


VITAL = """
import asyncio
from infra.vital import vital
from orchestrator.bootstrap.signals import run_until_told

async def dies(how):
    raise how

async def main():
    lost = asyncio.ensure_future(dies(ValueError("nobody needs it")))
    vital(asyncio.create_task(dies(RuntimeError("all need it")), name="heart"))
    try:
        await asyncio.Event().wait()
    finally:
        print("clean", flush=True)

run_until_told(main())
"""


def test_the_death_of_a_task_that_all_need_ends_it_with_an_error_after_it_cleaned_up() -> None:
    done = subprocess.run(
        [sys.executable, "-c", VITAL], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "clean\n")
    assert "VitalTaskDied: heart: RuntimeError: all need it" in done.stderr


def test_an_error_comes_out() -> None:
    program = (
        "from orchestrator.bootstrap.signals import run_until_told\n"
        "async def main(): raise ValueError('broken')\n"
        "run_until_told(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ValueError: broken" in done.stderr
