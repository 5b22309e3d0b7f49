"""A terminal of the test for `saga order ...`, and the API behind it: both remember."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from typer.main import get_command

from services.orders.cli.commands import app
from services.orders.cli.options import OPTIONS


class Told(Exception):
    """What ends a command: exit code and line."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class FakeApi:
    """Answers as it was told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, Any, Mapping[str, str] | None]] = []

    def get(self, path: str, **query: object) -> Any:
        """The next answer, or the last one again."""
        self.asked.append((path, query, None))
        answers = self.answers[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        options: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer."""
        assert timeout_s >= 10
        assert options is OPTIONS, "what is wrong is told of an option"
        self.asked.append((path, dict(body), headers))
        return self.answers[path][0]


class FakeTerminal:
    """A terminal of the test."""

    def __init__(self, live: bool = False) -> None:
        self.calls = FakeApi()
        self._console = Console(width=120, force_terminal=live, highlight=False)

    @contextmanager
    def api(self, data: Path | None) -> Iterator[FakeApi]:
        """The fake."""
        assert data is None
        yield self.calls

    def console(self) -> Console:
        """Of the test."""
        return self._console

    def emit(self, facts: Any, view: Callable[[Any], RenderableType], *, as_json: bool) -> None:
        """Print."""
        if as_json:
            print(json.dumps(facts))
        else:
            self._console.print(view(facts))

    def failed(self, message: str) -> Exception:
        """Exit code 1."""
        return Told(1, message)

    def mistaken(self, message: str) -> Exception:
        """Exit code 2."""
        return Told(2, message)


def run(terminal: FakeTerminal, *words: str) -> None:
    get_command(app)(args=list(words), standalone_mode=False, obj=terminal)
