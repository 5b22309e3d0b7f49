"""`saga init PATH`: a small project in a package of its own, to start from."""

import keyword
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Annotated, Final

import msgspec
import typer
from rich.text import Text

from orchestrator.cli.errors import BadInput
from orchestrator.cli.options import JsonOption
from orchestrator.cli.output import emit

app = typer.Typer()

SUFFIX: Final = ".tmpl"


class Project(msgspec.Struct, frozen=True):
    """What was written: the folder, its package, its files relative to the folder."""

    path: str
    package: str
    files: list[str]


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="A folder that is empty or does not exist.")],
    name: Annotated[
        str | None, typer.Option("--name", help="The project's name; the folder's by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a small project: application, saga, participant, demo and test."""
    title = name or path.absolute().name
    package = package_name(title)
    _refuse_unless_empty(path)
    values = {"name": package.replace("_", "-"), "package": package}
    root = files("orchestrator.cli.templates").joinpath("init")
    try:
        written = sorted(_write(path, place, text, values) for place, text in _templates(root))
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
    emit(Project(str(path.absolute()), package, written), _view, as_json=as_json)


def package_name(title: str) -> str:
    """The name of the package for a project of this name: `My shop` -> `my_shop`.

    Raises BadInput where no package can have it, or another one has.
    """
    package = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    if not package.isidentifier() or keyword.iskeyword(package):
        raise BadInput(f"{title!r} makes no name for a package: give one with --name")
    if find_spec(package) is not None:
        raise BadInput(f"there is a package {package!r} already: give another name with --name")
    return package


def _refuse_unless_empty(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file")
    if path.is_dir() and any(path.iterdir()):
        raise BadInput(f"{path} is not empty")


def _templates(folder: Traversable, place: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _templates(entry, f"{place}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            yield place + entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")


def _write(path: Path, place: str, text: str, values: dict[str, str]) -> str:
    where = re.sub(r"^package/", f"{values['package']}/", place)
    file = path / where
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(Template(text).substitute(values), encoding="utf-8")
    return where


def _view(project: Project) -> Text:
    lines = [f"{project.path}:", *(f"  {file}" for file in project.files)]
    lines += ["", f"cd {project.path} && saga demo --app {project.package}:app"]
    return Text("\n".join(lines))
