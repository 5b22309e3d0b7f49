"""`saga check NAME`: explore everything that can happen to a saga, before it may run."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.cli import given
from orchestrator.cli.errors import BadInput
from orchestrator.cli.options import AppDirOption, AppOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.check import again_view, check_view
from orchestrator.definition.words.builder import Saga
from orchestrator.verify.errors import VerifyError
from orchestrator.verify.explore import DEPTH, STATES, Bound, Progress, Report, explore
from orchestrator.verify.result import result
from orchestrator.verify.timeline import again as play_again
from orchestrator.verify.write_tests import suite_of

app = typer.Typer()
FAILED = 1

DepthOption = Annotated[
    int, typer.Option("--depth", min=0, help="How many adversities on one path.")
]
StatesOption = Annotated[
    int, typer.Option("--states", min=1, help="How many situations at most; more: not exhausted.")
]
ExactOption = Annotated[
    bool, typer.Option("--exact", help="Explore each of several like branches as itself.")
]
AgainOption = Annotated[
    str | None, typer.Option("--again", metavar="PATH", help="Play one path, and tell it.")
]
WriteOption = Annotated[
    Path | None,
    typer.Option("--write-tests", metavar="PATH", help="Write given / expect tests to a file."),
]


@app.command()
def check(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # its options
    name: Annotated[str, typer.Argument(help="The definition.")],
    depth: DepthOption = DEPTH,
    states: StatesOption = STATES,
    exact: ExactOption = False,
    again: AgainOption = None,
    write_tests: WriteOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    as_json: JsonOption = False,
) -> int:
    """Every outcome, time-out, repeated or late message, crash, failed undo and repair."""
    settings = given.settings(app=application, app_dir=app_dir)
    loaded = load_application(settings.app, settings.app_dir)
    saga, place = _defined(load_sagas(loaded, settings.overrides), loaded.sagas, name)
    if write_tests is not None:
        _write(saga, place, write_tests)
        return 0
    if again is not None:
        return _again(saga, again, as_json)
    with _progress() as report:
        explored = explore(saga.definition, Bound(depth, states, exact), report)
    emit(result(explored), check_view, as_json=as_json)
    return 0 if explored.holds else FAILED


def _again(saga: Saga, path: str, as_json: bool) -> int:
    try:
        told = play_again(saga.definition, path)
    except VerifyError as error:
        raise BadInput(str(error)) from error
    emit(told, again_view, as_json=as_json)
    return FAILED if told.violation else 0


def _write(saga: Saga, place: str, path: Path) -> None:
    if path.exists():
        raise BadInput(f"{path} is there already, and is yours: name another file")
    try:
        text = suite_of(saga, place)
    except VerifyError as error:
        raise BadInput(str(error)) from error
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    typer.echo(f"{path}: {text.count('def test_')} tests, yours to keep")


def _defined(sagas: list[Saga], places: tuple[str, ...], name: str) -> tuple[Saga, str]:
    """The saga and where it is."""
    for saga, place in zip(sagas, places, strict=True):
        if saga.name == name:
            return saga, place
    known = ", ".join(saga.name for saga in sagas) or "none"
    raise BadInput(f"no definition {name!r}; there are: {known}")


@contextmanager
def _progress() -> Generator[Report]:
    """A line that moves on a terminal; elsewhere one now and then."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda now: _now_and_then(console, now)
        return
    with console.status("exploring") as status:
        yield lambda now: status.update(_words(now))


_NOW_AND_THEN = 20_000


def _now_and_then(console: Console, now: Progress) -> None:
    if now.done and now.done % _NOW_AND_THEN == 0:
        console.print(_words(now))


def _words(now: Progress) -> str:
    return f"{now.states:,} situations, {now.moves:,} moves, {now.waiting:,} still to explore"
