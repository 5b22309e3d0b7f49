"""Sub-commands that the application brings (Application.commands)."""

import typer

from orchestrator.bootstrap.errors import BootstrapError
from orchestrator.bootstrap.load import load, load_application
from orchestrator.cli import given


def command(name: str) -> typer.Typer | None:
    """The application's sub-command of that name; None when it has none, or cannot be loaded.

    The application is the one that the settings name: options are not parsed yet.
    """
    settings = given.settings()
    try:
        application = load_application(settings.app, settings.app_dir)
    except BootstrapError:
        return None  # whoever mistypes a command wants to hear of that, and not of the application
    path = application.commands.get(name)
    return None if path is None else load(path, typer.Typer)
