"""docs/deadline.md: every line of its figures is printed by the command above it."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from orchestrator.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "deadline.md"
FENCED = re.compile(r"^```(sh)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Shown(NamedTuple):
    """A command of the page with what is set for it, and the lines that it shows of its output."""

    words: list[str]
    overrides: str
    lines: list[str]


def shown() -> list[Shown]:
    """Every command of the page under which something stands."""
    found: list[Shown] = []
    for shell, text in FENCED.findall(PAGE.read_text(encoding="utf-8")):
        if not shell:
            found[-1].lines.extend(line for line in text.splitlines() if line.strip())
            continue
        overrides = ""
        for line in text.splitlines():
            words = shlex.split(line)
            if words[0] == "export":
                overrides = words[1].partition("=")[2]
            else:
                found.append(Shown(words[words.index("saga") + 1 :], overrides, []))
    return [one for one in found if one.lines]


def test_the_page_shows_what_it_promises() -> None:
    said = "\n".join(line for one in shown() for line in one.lines)
    for wanted in ("done within 15 s: 7.", "No turning of these knobs", "done within 15 s: 99."):
        assert wanted in said


def tried(one: Shown, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Type it, and find the page's lines in their order."""
    monkeypatch.chdir(ROOT)
    if one.overrides:
        monkeypatch.setenv("SAGA_OVERRIDES", one.overrides)
    assert run(one.words) in (0, 1)
    printed = iter([line.rstrip() for line in capsys.readouterr().out.splitlines()])
    for line in one.lines:
        # `in` goes on from where the last one was found
        assert line.rstrip() in printed, line


def test_how_rarely_the_deadline_is_met(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried(shown()[0], capsys, monkeypatch)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("one", shown()[1:], ids=lambda one: " ".join(one.words[3:]))
def test_every_figure_of_the_page(
    one: Shown, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried(one, capsys, monkeypatch)
