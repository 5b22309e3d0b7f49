"""What the services' databases say, read when their processes are gone."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from contracts.topics import DEFAULT_TENANT
from infra.datastore import open_database
from orchestrator.bootstrap.load import load
from orchestrator.bootstrap.services import EFFECTS, Books, Participant
from orchestrator.definition.application import Application

TITLES: Final = ("saga", "step", "done", "undone", "amount")
"""The books of a service that plays: one row for each step of each saga with an effect."""

Stored = dict[str, tuple[int, int]]


class Ledgers:
    """The databases of the services by name; close it at the end.

    ``played``: saga -> step -> how often its effect was made and taken back, of the services that
    play, ``standing``: what amount is left of it; ``books``: those of all others; ``unbalanced``:
    what does not add up in any.
    """

    def __init__(self, application: Application, files: Mapping[str, Path]) -> None:
        self._databases = {name: open_database(file, readonly=True) for name, file in files.items()}
        self._participants = {
            name: cast(Participant, load(application.services[name], object)) for name in files
        }
        self._stored = cast(Any, load(EFFECTS, object))
        self.played: dict[int, Stored] = defaultdict(dict)
        self.standing: dict[int, dict[str, int]] = defaultdict(dict)
        self.unbalanced: list[str] = []
        self.books: dict[str, Books] = {}
        for name, participant in self._participants.items():
            self._read(name, participant, self._databases[name])

    def _read(self, name: str, participant: Participant, db: sqlite3.Connection) -> None:
        books = participant.books(db)
        for check in books.checks:
            if check.expected != check.found:
                self.unbalanced.append(
                    f"{name}: {check.what} is {check.found}, and must be {check.expected}"
                )
        if tuple(books.titles) == TITLES:
            rows = cast("tuple[tuple[Any, ...], ...]", books.rows)
            for saga, step, done, undone, amount in rows:
                self.played[saga][step] = (done, undone)
                self.standing[saga][step] = amount
        else:
            self.books[name] = books

    def stored(self, saga: int) -> Stored:
        """What the services remember of a saga: step -> how often done and how often undone.

        An undo of nothing (a tombstone) counts for neither. It reaches every round before it, and a
        later round takes the place of the one before.
        """
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for db in self._databases.values():
            for step, direction, outcome in self._stored(db, DEFAULT_TENANT, saga):
                if outcome == "succeeded":
                    found[step][direction == "undo"] += 1
        return {
            step: (done, done if undone else max(done - 1, 0))
            for step, (done, undone) in found.items()
        }

    def sagas(self) -> Iterator[int]:
        """Every saga that has an effect."""
        return iter(self.played)

    def close(self) -> None:
        """Close every database."""
        for db in self._databases.values():
            db.close()
