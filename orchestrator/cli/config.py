"""`saga config`: every setting, its value, and where that comes from. Secrets are masked."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, cast

import msgspec
import typer
from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from infra.broker.settings import BrokerSettings
from orchestrator.bootstrap.load import load
from orchestrator.cli import given
from orchestrator.cli.options import AppDirOption, AppOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.config import config_view

app = typer.Typer()

SERVICES: Final = "services.participant.settings:ServiceSettings"
"""What services are told; nothing here may import it."""
OPTIONS: Final = {"app": "--app", "app_dir": "--app-dir", "data": "--data"}


class Setting(msgspec.Struct, frozen=True):
    """One setting as it stands: its variable, value as text (None: not set), source and meaning."""

    name: str
    value: str | None
    source: str
    description: str


@app.command()
def config(
    application: AppOption = None,
    app_dir: AppDirOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
    only_set: Annotated[
        bool, typer.Option("--set", help="Only what is not at its default.")
    ] = False,
) -> None:
    """Every setting, its value, and where that comes from. Secrets are masked."""
    options = {"app": application, "app_dir": app_dir, "data": data}
    found = describe(
        given.settings(app=application, app_dir=app_dir, data=data),
        {name: OPTIONS[name] for name, value in options.items() if value is not None},
    )
    for others in (BrokerSettings, load(SERVICES, type)):
        found += describe(cast(BaseSettings, others()), {})
    facts = [setting for setting in found if not only_set or setting.source != "default"]
    emit(facts, config_view, as_json=as_json)


def describe(settings: BaseSettings, options: Mapping[str, str]) -> list[Setting]:
    """Each field of these settings; ``options`` names those that the command line gave."""
    prefix = settings.model_config.get("env_prefix", "")
    environment = {name.upper() for name in os.environ}
    file = {name.upper() for name in dotenv_values(Path(".env"))}

    def source(field: str) -> str:
        name = f"{prefix}{field}".upper()
        if field in options:
            return options[field]
        if name in environment:
            return "environment"
        return ".env" if name in file else "default"

    return [
        Setting(
            name=f"{prefix}{name}".upper(),
            value=_text(getattr(settings, name)),
            source=source(name),
            description=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    ]


def _text(value: object) -> str | None:
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in cast(tuple[object, ...], value))
    if isinstance(value, dict):
        return json.dumps(value) if value else None
    return None if value is None else str(value)
