"""Sub-commands that the application brings (Application.commands), and what they are given."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console, RenderableType

from orchestrator.bootstrap.errors import BootstrapError
from orchestrator.bootstrap.load import load, load_application
from orchestrator.cli import given, output
from orchestrator.cli.client import Client, connected
from orchestrator.cli.errors import BadInput, CliError, SagaFailed

T = TypeVar("T")


def command(name: str, app: str | None, app_dir: str | None) -> typer.Typer | None:
    """The application's sub-command of that name; None when it has none, or cannot be loaded.

    The application is that of `--app` and `--app-dir`, else of the settings.
    """
    settings = given.settings(app=app, app_dir=Path(app_dir) if app_dir else None)
    try:
        application = load_application(settings.app, settings.app_dir)
    except BootstrapError:
        return None  # whoever mistypes a command wants to hear of that, and not of the application
    path = application.commands.get(name)
    return None if path is None else load(path, typer.Typer)


class CommandLine:
    """`infra.commands.Terminal`: what is around such a sub-command."""

    def api(self, data: Path | None) -> AbstractContextManager[Client]:
        """The API of the process on this data folder; entering raises NothingRuns or
        TokenFileError.
        """
        return connected(given.settings(data=data))

    def emit(self, facts: T, view: Callable[[T], RenderableType], *, as_json: bool) -> None:
        """Print facts."""
        output.emit(facts, view, as_json=as_json)

    def console(self) -> Console:
        """The console for people."""
        return output.console()

    def failed(self, message: str) -> CliError:
        """Exit code 1."""
        return SagaFailed(message)

    def mistaken(self, message: str) -> CliError:
        """Exit code 2."""
        return BadInput(message)
