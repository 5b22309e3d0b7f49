"""ruff's ban on time, chance, identity and I/O: it holds in the two pure rooms, and only there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUFF = Path(sys.executable).with_name("ruff")
IMPURE = [
    "from datetime import datetime\n\nVALUE = datetime.now()\n",
    "import datetime\n\nVALUE = datetime.date.today()\n",
    "import time\n\nVALUE = time.time()\n",
    "from time import monotonic\n\nVALUE = monotonic()\n",
    "from uuid import uuid4\n\nVALUE = uuid4()\n",
    "import random\n\nVALUE = random.random()\n",
    "import os\n\nVALUE = os.environ\n",
    "from pathlib import Path\n\nVALUE = Path()\n",
    "import sqlite3\n\nVALUE = sqlite3.connect\n",
    "import asyncio\n\nVALUE = asyncio.run\n",
]


# ruff's ban knows no builtins.
BUILTINS = {"open", "print", "input", "id", "hash", "breakpoint"}


def banned(source: str, where: str) -> bool:
    """Does ruff refuse the source in that place, for a banned API?"""
    done = subprocess.run(
        [RUFF, "check", "--no-cache", "--select=TID251", f"--stdin-filename={where}/wrong.py", "-"],
        cwd=ROOT,
        input=source,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return "TID251" in done.stdout


@pytest.mark.parametrize("source", IMPURE)
@pytest.mark.parametrize("room", ["orchestrator/definition", "orchestrator/engine"])
def test_a_pure_room_may_not(room: str, source: str) -> None:
    assert banned(source, room)


@pytest.mark.parametrize("source", IMPURE)
@pytest.mark.parametrize("room", ["orchestrator/runtime", "infra", "services/payment", "tests"])
def test_elsewhere_it_may(room: str, source: str) -> None:
    assert not banned(source, room)


def test_a_pure_room_may_name_a_datetime() -> None:
    assert not banned("from datetime import datetime\n\nVALUE = datetime\n", "orchestrator/engine")


def impure_builtins(source: str) -> list[str]:
    """Calls of builtins that read, write, or give another answer in another process."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call.id for call in calls if isinstance(call, ast.Name) and call.id in BUILTINS]


def test_an_impure_builtin_is_seen() -> None:
    assert impure_builtins('with open("file") as file:\n    print(hash(file))\n') == [
        "open",
        "print",
        "hash",
    ]


def test_the_pure_rooms_call_no_impure_builtin() -> None:
    files = [
        file
        for room in ("definition", "engine")
        for file in (ROOT / "orchestrator" / room).rglob("*.py")
    ]
    assert files
    found = {file.name: impure_builtins(file.read_text(encoding="utf-8")) for file in files}
    assert not {name: calls for name, calls in found.items() if calls}
