"""A planted bug: a small patch whose header names the law it breaks and the check that must see it.

``Check`` is the node id of a pytest test, or a command that begins with ``python -m``. ``Shows`` is
a text that the failure must contain; a command needs one, a test's failed assertion speaks for
itself.
"""

import os
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).parent / "patches"
CODE = ("contracts", "infra", "orchestrator", "sagas", "services")
HEADER = ("Defect", "Law", "Check", "Shows")


class PlantedError(Exception):
    """A patch or its check is not what it should be."""


class NotApplied(PlantedError):
    """The code has moved on and the patch has not."""


class Planted(NamedTuple):
    """One defect. ``law``: the law of the design that it breaks, as it is called there."""

    name: str
    defect: str
    law: str
    check: str
    shows: str
    file: Path

    @property
    def is_test(self) -> bool:
        """Whether the check is a test; else it is a command."""
        return not self.check.startswith("python -m ")

    @property
    def command(self) -> list[str]:
        """The words of the command after ``python``."""
        return shlex.split(self.check)[1:]


def read(file: Path) -> Planted:
    """The patch in this file; raises PlantedError where its header is not whole."""
    header, found, _ = file.read_text(encoding="utf-8").partition("\n--- ")
    fields = dict(line.partition(": ")[::2] for line in header.splitlines() if line)
    if not found or not {*HEADER[:3]} <= set(fields) <= set(HEADER):
        raise PlantedError(f"{file.name}: its header must say {', '.join(HEADER)}, then a diff")
    planted = Planted(file.stem, *(fields.get(name, "") for name in HEADER), file)
    if not planted.is_test and not planted.shows:
        raise PlantedError(f"{file.name}: a command must say what its failure shows")
    return planted


def every() -> list[Planted]:
    """All of them, by name."""
    return [read(file) for file in sorted(PATCHES.glob("*.patch"))]


def apply(planted: Planted, tree: Path, *, look: bool = False) -> None:
    """Plant it in a copy of the tree, or only ``look`` whether that could be done; raises
    NotApplied naming the patch.

    Only the lines next to the change must be as they were: what is edited around it does no harm.
    """
    done = subprocess.run(
        ["git", "apply", "-C1", "--whitespace=nowarn", *["--check"][:look], str(planted.file)],
        cwd=tree,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.strip()
        raise NotApplied(f"{planted.file.name} no longer applies, make it anew: {reason}")
