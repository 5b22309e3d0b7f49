"""Loading by import string (``package.module:name``): the application, and all that it names.

The current folder and ``--app-dir`` are appended to the import path, never put in front: a file of
the user's can not replace a module of ours or of the standard library.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from orchestrator.bootstrap.collisions import find_collisions
from orchestrator.bootstrap.errors import ApplicationNotLoaded, NameCollision
from orchestrator.definition.application import Application

T = TypeVar("T")


def load_application(name: str, app_dir: Path | None = None) -> Application:
    """The application of that import string.

    Raises ApplicationNotLoaded, or NameCollision when ours hides a package that the name means.
    """
    folders = [Path.cwd(), *([app_dir] if app_dir else [])]
    for folder in folders:
        if str(folder.resolve()) not in sys.path:
            sys.path.append(str(folder.resolve()))
    _refuse_hidden({_top(name)}, folders)
    return load(name, Application)


def load(name: str, kind: type[T]) -> T:
    """What the import string names.

    Raises ApplicationNotLoaded where that is not a ``kind``, NameCollision where it is not found
    because ours hides a package of that name.
    """
    try:
        return _load(name, kind)
    except ApplicationNotLoaded as error:
        missing = error.__cause__.name if isinstance(error.__cause__, ImportError) else None
        _refuse_hidden({_top(name), _top(missing or "")}, [Path(folder) for folder in sys.path])
        raise


def _load(name: str, kind: type[T]) -> T:
    module_name, _, attribute = name.partition(":")
    try:
        value: object = import_module(module_name)
    except ImportError as error:
        raise ApplicationNotLoaded(f"cannot import {name!r}: {error}") from error
    except Exception as error:  # importing runs whatever the module says
        reason = f"{type(error).__name__}: {error}"
        raise ApplicationNotLoaded(f"cannot import {name!r}: {reason}") from error
    for part in attribute.split("."):
        try:
            value = getattr(value, part)
        except AttributeError as error:
            raise ApplicationNotLoaded(f"{module_name} has no {part!r} ({name!r})") from error
    if not isinstance(value, kind):
        raise ApplicationNotLoaded(
            f"{name!r} is of type {type(value).__name__}, expected {kind.__name__}"
        )
    return value


def _top(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]


def _refuse_hidden(packages: set[str], folders: Sequence[Path]) -> None:
    for collision in find_collisions(folders):
        if collision.name in packages:
            raise NameCollision(str(collision))
