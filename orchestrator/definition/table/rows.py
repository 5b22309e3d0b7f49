"""The parts of a compensation table."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from orchestrator.definition.table.outcomes import Outcome

Result = Literal["completed", "failed", "needs_operator"]


class Action(msgspec.Struct, frozen=True):
    """One undo: the step, and the command that undoes it."""

    step: str
    command: str


class Column(msgspec.Struct, frozen=True):
    """A step as the table shows it; ``kind`` is that of the step, ``wait`` or ``child``."""

    step: str
    kind: str
    refusals: dict[str, int]


class Row(msgspec.Struct, frozen=True):
    """One outcome of a saga.

    ``outcomes`` has every step (empty: it was never asked), ``statuses`` the HTTP-like statuses a
    failed saga may end with, ``actions`` the undos in their order (those of one parallel go out
    together).
    """

    outcomes: dict[str, Outcome]
    result: Result
    statuses: tuple[int, ...]
    actions: tuple[Action, ...]

    @property
    def failing(self) -> tuple[str, ...]:
        """The steps that did not succeed though they were asked."""
        return tuple(name for name, o in self.outcomes.items() if o in ("refused", "unknown"))

    @property
    def definite(self) -> bool:
        """Whether every step that was asked answered."""
        return "unknown" not in self.outcomes.values()


class Taken(msgspec.Struct, frozen=True):
    """A signal that the saga takes while it runs.

    Without ``changes`` it answers the wait ``step``, which after ``timeout_ms`` ``expires`` as done
    or refused. With them it changes those fields of the input until ``step`` is commanded, and has
    it done again once that is in flight; a child decides itself.
    """

    signal: str
    step: str
    changes: tuple[str, ...] = ()
    timeout_ms: int = 0
    expires: str = ""


class Table(msgspec.Struct, frozen=True):
    """The table of one version; not ``complete`` where there are too many combinations to list.

    ``committing`` are the steps from which there is no way back: a cancel is applied until one of
    them is commanded, or the saga has ended; a child among them decides itself while it runs.
    ``deadline_ms`` is the time that the saga may take; 0: without end. ``signals`` are those that
    it takes beside the cancel.
    """

    definition: str
    version: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    complete: bool
    committing: tuple[str, ...] = ()
    deadline_ms: int = 0
    signals: tuple[Taken, ...] = ()

    def row(self, outcomes: Mapping[str, str]) -> Row | None:
        """The row of exactly these outcomes; a step left out was never asked."""
        wanted = {column.step: outcomes.get(column.step, "") for column in self.columns}
        return next((row for row in self.rows if row.outcomes == wanted), None)
