"""`python WORDS` in a copy of the tree, forked from a process that has loaded the libraries.

Starting Python and importing them takes longer than most of the checks do. Of our own code nothing
is loaded before the fork: what a check imports is the copy, with its bug.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.planted.planted import CODE

LIBRARIES: Final = (
    "aiokafka",
    "confluent_kafka",
    "fastapi",
    "faststream.kafka",
    "httpx",
    "hypothesis.stateful",
    "jinja2",
    "jsonschema",
    "msgspec",
    "opentelemetry.sdk.trace",
    "pydantic_settings",
    "pytest_asyncio",
    "structlog",
    "typer.rich_utils",
    "uvicorn",
)
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([*LIBRARIES])


def run(words: Sequence[str], tree: Path, log: Path, within_s: float) -> tuple[int, str]:
    """Exit status and output of ``python WORDS`` in the tree; -1: it did not end in time."""
    process = _forks.Process(target=_become, args=(list(words), str(tree), str(log)))
    process.start()
    assert process.pid is not None
    process.join(within_s)
    late = process.is_alive()
    if late:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    if late:
        return -1, f"{said}\nit did not end within {within_s} s"
    return process.exitcode if process.exitcode is not None else -1, said


def _become(words: list[str], tree: str, log: str) -> None:
    """Do as `python -m MODULE ...` does in this tree; ends by SystemExit."""
    os.setsid()  # so that it can be ended with all that it starts
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(out, number)
    for name in list(sys.modules):
        if name.partition(".")[0] in (*CODE, "tests"):
            del sys.modules[name]
    sys.path.insert(0, tree)
    os.chdir(tree)
    os.environ.update(PYTHONPATH=tree, COLUMNS="200")
    option, module, *sys.argv[1:] = words
    assert option == "-m", words
    runpy.run_module(module, run_name="__main__", alter_sys=True)
