"""``asyncio.wait_for`` stays out of what runs: before Python 3.12 it can swallow a cancellation
that meets the result, and whoever cancelled then waits for ever. ``asyncio.timeout`` cannot.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "infra", "orchestrator", "sagas", "services")


def waits(source: str) -> Iterator[int]:
    """The lines that name ``asyncio.wait_for``, however it is imported."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "asyncio"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="wait_for") if name in names:
                yield node.lineno
            case ast.ImportFrom(module="asyncio") if any(a.name == "wait_for" for a in node.names):
                yield node.lineno
            case _:
                pass


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\n\nasync def main(done):\n    await asyncio.wait_for(done, 1)\n",
        "import asyncio as aio\n\nWAIT = aio.wait_for\n",
        "from asyncio import wait_for as wait\n",
    ],
)
def test_wait_for_is_seen(source: str) -> None:
    assert len(list(waits(source))) == 1


def test_another_wait_for_is_no_concern() -> None:
    assert not list(waits("import asyncio\n\nWAIT = waiters.wait_for\nTIMEOUT = asyncio.timeout\n"))


def test_nothing_that_runs_uses_wait_for() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 100
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        for line in waits(file.read_text(encoding="utf-8"))
    }
    assert not found
