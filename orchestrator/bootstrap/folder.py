"""The files of a data folder beside its databases: the token, and who runs here.

`DATA/saga.db` the log, `DATA/services/NAME.db` the services' databases, `DATA/token` (0600),
`DATA/running.json` while a process with an HTTP API runs here, `DATA/lock` its lock,
`DATA/checked.json` the definitions that were checked.
"""

import os
from pathlib import Path

import msgspec

from infra.http.tokens import read_or_create_token, read_token
from orchestrator.bootstrap.errors import NothingRuns
from orchestrator.settings import Settings


class Running(msgspec.Struct, frozen=True):
    """Who runs on a data folder: its process, the URL of its HTTP API, and the broker it uses."""

    pid: int
    url: str
    bootstrap: str
    embedded: bool


def services_folder(settings: Settings) -> Path:
    """Where the services' databases are."""
    return settings.data / "services"


def make_token(settings: Settings) -> str:
    """The token of the HTTP API: the configured one, else that of the folder, made at first start.

    Raises TokenFileError.
    """
    if settings.token is not None:
        return settings.token.get_secret_value()
    return read_or_create_token(settings.data / "token")


def known_token(settings: Settings) -> str:
    """The token for whoever calls the HTTP API; raises TokenFileError when there is none."""
    if settings.token is not None:
        return settings.token.get_secret_value()
    return read_token(settings.data / "token")


def write_running(settings: Settings, running: Running) -> None:
    """Say who runs here; readers never see half a file."""
    aside = settings.data / f"running.json.{running.pid}"
    aside.write_bytes(msgspec.json.encode(running))
    aside.replace(settings.data / "running.json")


def remove_running(settings: Settings) -> None:
    """Nobody runs here any more."""
    (settings.data / "running.json").unlink(missing_ok=True)


def read_running(settings: Settings) -> Running:
    """Who runs here; raises NothingRuns, also when that process is no more."""
    try:
        raw = (settings.data / "running.json").read_bytes()
        running = msgspec.json.decode(raw, type=Running)
        os.kill(running.pid, 0)
    except PermissionError as error:
        raise NothingRuns(f"{settings.data} belongs to another user") from error
    except (OSError, msgspec.DecodeError) as error:
        raise NothingRuns(_nothing(settings)) from error
    return running


def _nothing(settings: Settings) -> str:
    return (
        f"nothing runs on the data folder {settings.data.absolute()}:"
        " start it with `saga up`, or name another one with --data"
    )
