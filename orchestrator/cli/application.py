"""Sub-commands that the application brings (Application.commands)."""

from collections.abc import Callable
from functools import partial

import typer

from orchestrator.bootstrap.load import load, load_application
from orchestrator.cli import given


def commands() -> dict[str, Callable[[], typer.Typer]]:
    """Name of each sub-command -> what loads it. The application is the one that the settings name.

    Raises BootstrapError when the application cannot be loaded.
    """
    settings = given.settings()
    application = load_application(settings.app, settings.app_dir)
    return {name: partial(load, path, typer.Typer) for name, path in application.commands.items()}
