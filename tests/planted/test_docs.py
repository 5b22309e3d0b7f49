"""docs/proof.md lists every planted bug as its patch has it, and every part of ``saga proof``."""

import re

from orchestrator.proof.parts import parts
from tests.planted.planted import ROOT, every

PAGE = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z-]+)` \| .+ \|$", re.MULTILINE)


def test_the_table_of_planted_bugs() -> None:
    """The same rows in the same order."""
    rows = [f"| `{p.name}` | {p.defect} | {p.law} | `{p.check}` |" for p in every()]
    assert [row[0] for row in ROW.finditer(PAGE)] == rows, "\n".join(["the table is:", *rows])


def test_every_part_is_told() -> None:
    """In the order in which they are run."""
    table = PAGE.partition("## The parts")[2].partition("\n## ")[0]
    told = re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)
    assert told == ["part", *(part.name for part in parts(["any"]))]
