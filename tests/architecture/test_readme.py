"""What the README and the guides tell people to type exists."""

import re
import shlex
from pathlib import Path

import pytest

from orchestrator.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
GROUPS = {"topics", "kafka", "dlq"}


def lines() -> list[list[str]]:
    """The words of every command line in a shell block of the pages, comments and prompts aside."""
    blocks = [block for page in PAGES for block in SHELL.findall(page.read_text(encoding="utf-8"))]
    typed = [line.removeprefix("$ ") for block in blocks for line in _joined(block)]
    return [words for line in typed if (words := shlex.split(line, comments=True))]


def _joined(block: str) -> list[str]:
    return block.replace("\\\n", " ").splitlines()


def saga_commands() -> list[tuple[str, ...]]:
    """The distinct ``saga`` sub-commands that the pages name."""
    found: set[tuple[str, ...]] = set()
    for words in lines():
        if "saga" in words:
            rest = [
                word for word in words[words.index("saga") + 1 :] if re.fullmatch(r"[a-z-]+", word)
            ]
            found.add(tuple(rest[: 2 if rest[:1] and rest[0] in GROUPS else 1]))
    return sorted(found)


def test_the_two_commands_are_there() -> None:
    typed = [" ".join(words) for words in lines()]
    assert "./uvw run saga demo" in typed
    assert "./uvw run pytest" in typed


@pytest.mark.parametrize("command", saga_commands(), ids=" ".join)
def test_every_saga_command_of_the_pages_exists(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0, capsys.readouterr().err


def test_every_program_of_this_checkout_that_the_pages_name_exists() -> None:
    programs = [words[1] if words[0] in {"bash", "sh"} else words[0] for words in lines()]
    named = {program for program in programs if program.startswith(("./", ".ci/"))}
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing
