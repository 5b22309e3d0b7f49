"""The bootstrap is the only room that loads code by name (DESIGN, "The house")."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.registry import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "infra", "orchestrator", "sagas", "services")
LOADERS = {"import_module", "__import__", "run_module", "run_path", "resolve_name"}
LOADERS |= {"spec_from_file_location", "ImportString", "exec", "eval"}
ROOM = ("orchestrator", "bootstrap")
# The one exception: a sub-command's module is loaded when it is called, so that help stays quick.
EXCEPTION = Path("orchestrator/cli/main.py")


def loads(source: str) -> Iterator[tuple[int, str]]:
    """Every place of a source that loads or runs code by name: line and what does it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in LOADERS:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in LOADERS:
            yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield from ((node.lineno, name.name) for name in node.names if name.name in LOADERS)


@pytest.mark.parametrize(
    "source",
    [
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module as load",
        "__import__(name)",
        "from pkgutil import resolve_name",
        "exec(text)",
    ],
)
def test_a_place_that_loads_is_seen(source: str) -> None:
    assert list(loads(source))


def test_only_the_bootstrap_loads_by_name() -> None:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    assert files
    found = {
        f"{file.relative_to(ROOT)}:{line}": name
        for file in files
        if file.relative_to(ROOT).parts[:2] != ROOM and file.relative_to(ROOT) != EXCEPTION
        for line, name in loads(file.read_text(encoding="utf-8"))
    }
    assert not found


def test_the_command_line_loads_only_its_own_room() -> None:
    assert COMMANDS
    outside = [entry.module for entry in COMMANDS.values() if not _is_command(entry.module)]
    assert not outside


def _is_command(module: str) -> bool:
    """Whether it is a module of the command line itself, however deep: a file that is there."""
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    return module.startswith("orchestrator.cli.") and file.is_file()


@pytest.mark.parametrize(
    "module",
    ["services.orders.http", "orchestrator.cli", "orchestrator.client", "orchestrator.cli.x"],
)
def test_what_is_no_module_of_the_command_line_is_seen(module: str) -> None:
    assert not _is_command(module)
