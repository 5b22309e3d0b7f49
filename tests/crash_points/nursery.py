"""Processes of `saga`, each its own, forked from one that has loaded everything already.

Starting Python and importing costs a second of CPU, hundreds of times over; a fork costs none of
it. What is forked runs the command line as the console script does, in an environment of its own.
Run as a program this is the parent: it reads a JSON line for each process wanted and writes one
when it has begun and one when it has ended.
"""

import asyncio
import gc
import json
import os
import select
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """A process that was asked for."""

    def __init__(self, log: Path) -> None:
        self.log = log
        loop = asyncio.get_running_loop()
        self.pid: asyncio.Future[int] = loop.create_future()
        self.code: asyncio.Future[int] = loop.create_future()

    async def signal(self, number: int) -> None:
        """Signal it, as long as it runs."""
        pid = await self.pid
        if not self.code.done():
            os.kill(pid, number)

    @property
    def said(self) -> str:
        """What it has printed."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


class Nursery:
    """Begins processes; all of them end with it."""

    def __init__(self) -> None:
        self._parent: asyncio.subprocess.Process  # pylint: disable=no-member  # it has it
        self._reading: asyncio.Task[None]
        self._processes: dict[int, Process] = {}
        self.started = 0

    async def __aenter__(self) -> Self:
        self._parent = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes.values():
            if process.pid.done():
                await process.signal(signal.SIGKILL)
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        await self._parent.wait()
        await self._reading

    def begin(self, words: list[str], env: Mapping[str, str], folder: Path) -> Process:
        """Run `saga WORDS` in this folder, with these variables and none of our own settings."""
        self.started += 1
        number = self.started
        process = Process(folder / f"{number}-{words[0]}.log")
        self._processes[number] = process
        asked = {"number": number, "words": words, "env": dict(env), "folder": str(folder)}
        assert self._parent.stdin is not None
        self._parent.stdin.write((json.dumps(asked | {"log": str(process.log)}) + "\n").encode())
        return process

    async def _read(self) -> None:
        assert self._parent.stdout is not None
        async for line in self._parent.stdout:
            told = json.loads(line)
            process = self._processes[told["number"]]
            if "pid" in told:
                process.pid.set_result(told["pid"])
            else:
                process.code.set_result(told["code"])
                del self._processes[told["number"]]


# ------------------------------------------------------------------- the parent, in a process


def _preload() -> None:
    """Load what every process of the product loads, and connect to nothing."""
    # pylint: disable=import-outside-toplevel,unused-import
    import orchestrator.cli.backup
    import orchestrator.cli.orchestrate
    import orchestrator.cli.replay
    import orchestrator.cli.service
    import orchestrator.cli.up  # noqa: F401
    from orchestrator.bootstrap.crash_points import crash_points
    from orchestrator.bootstrap.load import load, load_application

    crash_points()
    application = load_application("sagas:app", None)
    for name in (*application.services.values(), *application.routers.values(), *application.sagas):
        load(name, object)
    load(application.seed or "", object)
    gc.freeze()


def _child(asked: dict[str, Any]) -> None:
    """Become the process that was asked for; never returns."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, handle in enumerate((nothing, out, out)):
        os.dup2(handle, number)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    code = 1
    try:
        from orchestrator.cli.main import run  # pylint: disable=import-outside-toplevel

        code = run(asked["words"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


def _parent() -> None:
    _preload()
    awake, wake = os.pipe()
    os.set_blocking(awake, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever runs the tests ends us by our input
    signal.set_wakeup_fd(wake)
    children: dict[int, int] = {}
    try:
        _work(awake, children)
    finally:  # also where nobody is there any more to be told
        for pid in children:
            os.kill(pid, signal.SIGKILL)


def _work(awake: int, children: dict[int, int]) -> None:
    waiting = b""
    while True:
        found = _readable(awake)
        if awake in found:
            os.read(awake, 1024)
            _reap(children)
        if 0 not in found:
            continue
        more = os.read(0, 1 << 16)
        if not more:
            return
        *lines, waiting = (waiting + more).split(b"\n")
        for line in lines:
            _begin(json.loads(line), children)


def _readable(awake: int) -> list[int]:
    return select.select([0, awake], [], [])[0]


def _begin(asked: dict[str, Any], children: dict[int, int]) -> None:
    pid = os.fork()
    if pid == 0:
        _child(asked)
    children[pid] = asked["number"]
    _tell(number=asked["number"], pid=pid)


def _reap(children: dict[int, int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _tell(number=children.pop(pid), code=os.waitstatus_to_exitcode(status))


def _tell(**facts: int) -> None:
    os.write(1, (json.dumps(facts) + "\n").encode())


if __name__ == "__main__":
    _parent()
