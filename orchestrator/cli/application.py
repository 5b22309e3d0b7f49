"""Sub-commands that the application brings (Application.commands)."""

from pathlib import Path

import typer

from orchestrator.bootstrap.errors import BootstrapError
from orchestrator.bootstrap.load import load, load_application
from orchestrator.cli import given


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
