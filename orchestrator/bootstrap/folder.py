"""The files of a data folder beside its databases: the token, and who runs here.

`DATA/saga.db` the log, `DATA/services/NAME.db` the services' databases, `DATA/token` (0600),
`DATA/running.json` while a process with an HTTP API runs here, `DATA/lock` its lock.
"""

import os
import secrets
from pathlib import Path
from typing import Final

import msgspec

from infra.datastore import FolderNotWritable, ensure_folder
from orchestrator.bootstrap.errors import NothingRuns
from orchestrator.settings import Settings

TOKEN_BYTES: Final = 32


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

    Raises FolderNotWritable.
    """
    if settings.token is not None:
        return settings.token.get_secret_value()
    file = ensure_folder(settings.data) / "token"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise FolderNotWritable(f"cannot write {file}: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(token := secrets.token_urlsafe(TOKEN_BYTES))
    return token


def read_token(settings: Settings) -> str:
    """The token for whoever calls the HTTP API; raises NothingRuns when there is none here."""
    if settings.token is not None:
        return settings.token.get_secret_value()
    try:
        return (settings.data / "token").read_text(encoding="ascii").strip()
    except OSError as error:
        raise NothingRuns(_nothing(settings)) from error


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
        running = msgspec.json.decode(
            (settings.data / "running.json").read_bytes(), type=Running
        )
        os.kill(running.pid, 0)
    except (OSError, msgspec.DecodeError) as error:
        if isinstance(error, PermissionError):  # it is there, and another user's
            raise NothingRuns(f"{settings.data}: {error.strerror}") from error
        raise NothingRuns(_nothing(settings)) from error
    return running


def _nothing(settings: Settings) -> str:
    return (
        f"nothing runs on the data folder {settings.data.absolute()}:"
        " start it with `saga up`, or name another one with --data"
    )
