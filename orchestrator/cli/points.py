"""`saga proof points`: where a process can be told to kill itself, and what each place means."""

from collections.abc import Sequence

import msgspec
from rich.console import Group
from rich.table import Table

from infra.boundaries import CRASH_AT
from orchestrator.bootstrap.crash_points import crash_points
from orchestrator.cli.options import JsonOption
from orchestrator.cli.output import emit


class CrashPoint(msgspec.Struct, frozen=True):
    """A crash point: its name, what kind of port is called there, and what has happened by then."""

    name: str
    port: str
    meaning: str


def points(as_json: JsonOption = False) -> None:
    """Every point at which a process can be told to kill itself."""
    facts = [CrashPoint(*point) for point in crash_points()]
    emit(facts, _view, as_json=as_json)


def _view(facts: Sequence[CrashPoint]) -> Group:
    table = Table(box=None, pad_edge=False)
    for title in ("point", "port", "meaning"):
        table.add_column(title, overflow="fold")
    for point in facts:
        table.add_row(point.name, point.port, point.meaning)
    note = f"{len(facts)} points; {CRASH_AT}=POINT[:N] ends a process at the N-th passing (SIGKILL)"
    return Group(table, "", note)
