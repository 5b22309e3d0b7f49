"""docs/conformance.md tells of every check, in their order, with what it needs."""

import re
from pathlib import Path

from orchestrator.conformance.checks import CHECKS

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| .+ \| ([a-z, ]*)\|$", re.MULTILINE)
WORDS = ("do", "undo", "refused")


def test_the_table_of_checks() -> None:
    told = [(name, needs.strip()) for name, needs in ROW.findall(PAGE.read_text(encoding="utf-8"))]
    assert told == [(c.name, ", ".join(w for w in WORDS if w in c.needs)) for c in CHECKS]


def test_names_are_unique() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
