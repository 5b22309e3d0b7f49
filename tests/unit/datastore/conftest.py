"""Packages made for a test: with SQL files in them, importable by a name of their own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

MakePackage = Callable[[dict[str, str]], str]


@pytest.fixture
def make_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePackage]:
    """A function (relative path -> text) -> name of a new package that holds those files."""
    made: list[str] = []
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(contents: dict[str, str]) -> str:
        name = f"package_{uuid4().hex}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        for path, text in contents.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
        made.append(name)
        return name

    yield make
    for name in made:
        sys.modules.pop(name, None)
