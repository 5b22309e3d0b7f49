"""What a participant may forget: small steps between the batches of commands.

An effect is remembered for as long as its command could still come. Every command says which saga
of its partition is the oldest that is open (``oldest``): those before it have ended, and of a saga
that has ended nobody makes a command any more. Copies of older commands are past their deadline,
and refused for that. So what goes is both settled and older than the retention; tombstones are
effects like others. A saga that waits for a person keeps everything from itself on.

Of an event only its age is known. One that is older than what is remembered goes to the dead
letters instead of being taken, perhaps for the second time (``services.participant.events``).
"""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from contracts.topics import partition_of_saga
from infra.datastore import Statements
from services.participant.outcome import Oldest

STEP: Final = 1_000
"""Rows looked at in one transaction."""
_SQL: Final = Statements("services.participant")
_BEGINNING: Final = (-1, 0, "", "", 0)
_AFTER: Final = _SQL["effects_after"]
_EFFECT: Final = _SQL["forget_effect"]
_EVENTS: Final = _SQL["forget_events"]


class Retention:
    """Knows what may go; ``keep_ms``: how long everything is kept at least."""

    def __init__(self, keep_ms: int) -> None:
        self._keep_ms = keep_ms
        self._oldest: dict[int, int] = {}
        self._looked_at: tuple[int, int, str, str, int] = _BEGINNING

    def heard(self, oldest: Oldest) -> None:
        """The oldest open sagas, by partition. What is heard late may be less: it changes
        nothing."""
        for partition, saga in oldest.items():
            self._oldest[partition] = max(saga, self._oldest.get(partition, 0))

    @property
    def known(self) -> Mapping[int, int]:
        """By partition: the saga from which on everything is kept."""
        return self._oldest

    def step(self, db: sqlite3.Connection, now_ms: int) -> bool:
        """Forget some of what may go, in the caller's transaction; whether there may be more.

        Raises sqlite3.Error.
        """
        before = now_ms - self._keep_ms
        gone = db.execute(_EVENTS, {"before": before, "most": STEP}).rowcount
        return self._effects(db, before) or gone == STEP

    def _effects(self, db: sqlite3.Connection, before: int) -> bool:
        """Look at the next effects of a tenant, its oldest sagas first. By their key: an index
        only for this would cost every effect more than all the looking does.
        """
        found: list[Any] = db.execute(_AFTER, (*self._looked_at, STEP)).fetchall()
        old = [row[:5] for row in found if row[5] < before]
        db.executemany(_EFFECT, [effect for effect in old if self._settled(effect[1])])
        if len(found) < STEP:
            self._looked_at = _BEGINNING
            return False
        # where nothing is old, what was begun later is not either: on to the next tenant
        self._looked_at = found[-1][:5] if old else (found[-1][0] + 1, *_BEGINNING[1:])
        return True

    def _settled(self, saga: int) -> bool:
        return saga < self._oldest.get(partition_of_saga(saga), 0)
