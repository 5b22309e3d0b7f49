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


def commands(app: str | None, app_dir: str | None) -> dict[str, typer.Typer]:
    """The application's sub-commands by name; none when it cannot be loaded, for whoever mistypes a
    command, or asks for help, wants to hear of that and not of the application.

    The application is that of `--app` and `--app-dir`, else of the settings.
    """
    settings = given.settings(app=app, app_dir=Path(app_dir) if app_dir else None)
    try:
        application = load_application(settings.app, settings.app_dir)
        return {name: load(path, typer.Typer) for name, path in application.commands.items()}
    except BootstrapError:
        return {}


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
