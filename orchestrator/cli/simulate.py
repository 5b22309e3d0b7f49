"""`saga simulate NAME`: how often a saga is done in time, by running it on the real engine and a
virtual clock.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.cli import given as settings_given
from orchestrator.cli import simulated
from orchestrator.cli.options import AppDirOption, AppOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.search import overrides_of
from orchestrator.cli.views.simulate import view
from orchestrator.simulate.crew import ALONE, Progress, crew
from orchestrator.simulate.finding import find
from orchestrator.simulate.knobs import Knob
from orchestrator.simulate.levels import SEARCHED
from orchestrator.simulate.outcomes import Given
from orchestrator.simulate.report import Report
from orchestrator.simulate.simulate import Simulated, knob_effects, notes, report
from orchestrator.simulate.stage import complete, resolved
from orchestrator.simulate.template import template
from orchestrator.simulate.untold import with_undos

app = typer.Typer()

KNOB_RUNS = 5_000
"""So many runs show what a knob changes: the luck is the same, so differences are not noise."""
UNREACHED = 1

GivenOption = Annotated[
    Path | None, typer.Option("--given", metavar="FILE", help="What comes of each command (YAML).")
]
FromLogOption = Annotated[
    bool, typer.Option("--from-log", help="Measure it in the saga log; --given goes first.")
]
WriteOption = Annotated[
    bool, typer.Option("--write-given", help="Print a file for --given, and do nothing else.")
]
RunsOption = Annotated[int, typer.Option("--runs", min=1, help="How many runs.")]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed is the same luck.")]
KnobsOption = Annotated[
    bool, typer.Option("--knobs/--no-knobs", help="Turn every knob, and show what it changes.")
]
TargetOption = Annotated[
    float | None,
    typer.Option("--target", help="Search for policies that are in time so often: 0.99."),
]
FindOption = Annotated[
    str | None, typer.Option("--find", metavar="KNOBS", help=f"With these: {','.join(SEARCHED)}.")
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=0, help="How many processes; 0: one for each core.")
]


@dataclass(frozen=True)
class Wanted:
    """What is to be found out."""

    knobs: bool
    target: float | None
    find: tuple[Knob, ...]
    workers: int


@app.command()
def simulate(  # pylint: disable=too-many-arguments,too-many-positional-arguments,too-many-locals
    name: Annotated[str, typer.Argument(help="The definition.")],
    given: GivenOption = None,
    from_log: FromLogOption = False,
    runs: RunsOption = 10_000,
    seed: SeedOption = 1,
    knobs: KnobsOption = True,
    target: TargetOption = None,
    find_with: FindOption = None,
    write_given: WriteOption = False,
    workers: WorkersOption = 0,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> int:
    """How often it is done within its deadline, where the time goes, what each knob changes."""
    settings = settings_given.settings(app=application, app_dir=app_dir, data=data)
    family = simulated.family(settings, name)
    wanted = Wanted(knobs, simulated.target(target, find_with), simulated.knobs(find_with), workers)
    measured = simulated.measured_in(settings, family) if from_log else None
    if write_given:
        typer.echo(template(family, measured and with_undos(measured.given(), family)[0]), nl=False)
        return 0
    outcomes, where = simulated.outcomes(given, measured, family)
    outcomes, untold = with_undos(outcomes, family) if measured else (outcomes, [])
    complete(outcomes, family, where)
    what = Simulated(family, runs, seed, notes(outcomes, family, measured, untold))
    found = _simulate(what, outcomes, wanted)
    emit(found, view, as_json=as_json)
    if found.search and not as_json:
        for line in overrides_of(found.search):
            typer.echo(line)
    return UNREACHED if found.search and not found.search.found else 0


def _simulate(what: Simulated, outcomes: Given, wanted: Wanted) -> Report:
    knob_runs = min(what.runs, KNOB_RUNS)
    small = what.runs <= ALONE and not wanted.knobs and wanted.target is None
    workers = 1 if small else wanted.workers
    with (
        _progress() as told,
        crew(outcomes, what.family, what.seed, workers=workers, told=told) as players,
    ):
        base = players.runs(what.family, what.runs)
        turned = knob_effects(players, what.family, base, knob_runs) if wanted.knobs else []
        search = None
        if wanted.target is not None:
            parts = resolved(outcomes, what.family)
            search = find(players, what.family, parts, wanted.target, wanted.find, what.runs)
    return report(what, base, turned, knob_runs, search)


@contextmanager
def _progress() -> Generator[Progress]:
    """A line that moves on a terminal; elsewhere nothing."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    played = 0
    with console.status("simulating") as status:

        def told(runs: int) -> None:
            nonlocal played
            played += runs
            status.update(f"simulating: {played:,} runs")

        yield told
