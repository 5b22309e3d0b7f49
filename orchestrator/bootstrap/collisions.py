"""A user's top-level package that has the name of one of ours would never be imported: say so."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import orchestrator

OURS: Final = ("contracts", "infra", "orchestrator", "sagas", "services")


class Collision(NamedTuple):
    """One name for two packages; Python imports ``ours``."""

    name: str
    theirs: Path
    ours: Path

    def __str__(self) -> str:
        return (
            f"two packages are called {self.name}: {self.theirs} is hidden by {self.ours};"
            " rename yours, or put it inside a package of its own"
        )


def find_collisions(folders: Sequence[Path]) -> list[Collision]:
    """Packages and modules in ``folders`` that ours hide; a folder without Python in it is none."""
    home = Path(orchestrator.__file__).resolve().parents[1]
    return [
        Collision(name, theirs, ours)
        for folder in dict.fromkeys(folder.resolve() for folder in folders)
        if folder != home
        for name in OURS
        for theirs in _packages(folder, name)
        if (ours := _imported_from(name)) is not None and ours != theirs
    ]


def _packages(folder: Path, name: str) -> Iterator[Path]:
    if (folder / f"{name}.py").is_file():
        yield folder / f"{name}.py"
    elif (folder / name).is_dir() and any((folder / name).glob("*.py")):
        yield folder / name


def _imported_from(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin).resolve()
    return origin.parent if origin.name == "__init__.py" else origin
