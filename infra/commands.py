"""What the `saga` command gives to the sub-commands that an application brings, as `Context.obj`:
the HTTP API of the running process, and how facts are printed.

An application's commands import neither the orchestrator nor its command line (DESIGN, "The
house").
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rich.console import Console, RenderableType

Json = dict[str, Any]
T = TypeVar("T")


class Api(Protocol):
    """Calls of the API; every answer is JSON, every error ends the command with one line."""

    def get(self, path: str, **query: object) -> Json:
        """What is at `path`; query parameters that are None are left out."""
        raise NotImplementedError

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        options: Mapping[str, str] | None = None,
    ) -> Json:
        """The answer to a POST; `timeout_s` bounds the wait for it. `options` says for places of
        the body (JSON pointers, such as `#/reason`) which option of the command they came from.
        """
        raise NotImplementedError


class Terminal(Protocol):
    """The command line around a sub-command."""

    def api(self, data: Path | None) -> AbstractContextManager[Api]:
        """The API of the process that runs on this data folder; None: that of the settings."""
        raise NotImplementedError

    def emit(self, facts: T, view: Callable[[T], RenderableType], *, as_json: bool) -> None:
        """Print facts: as JSON, or as `view` shows them."""
        raise NotImplementedError

    def console(self) -> Console:
        """The console for people."""
        raise NotImplementedError

    def failed(self, message: str) -> Exception:
        """To be raised where what was asked for came to nothing: one line, exit code 1."""
        raise NotImplementedError

    def mistaken(self, message: str) -> Exception:
        """To be raised where the input is not what it should be: one line, exit code 2."""
        raise NotImplementedError
