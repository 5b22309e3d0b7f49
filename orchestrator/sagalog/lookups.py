"""What both the writer and the readers can be asked."""

import sqlite3
import threading
from typing import Any, Self

import msgspec

from infra.datastore import Statements
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Transition
from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.state import State
from orchestrator.sagalog.errors import LogReadFailed
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.records import unseal
from orchestrator.sagalog.rows import SagaRow

PACKAGE = "orchestrator.sagalog"
SQL = Statements(PACKAGE)

rollout_of = msgspec.json.Decoder(Rollout).decode
_Parameters = tuple[object, ...] | dict[str, object]


class Lookups:
    """Questions to one file over one connection; from any thread, answered one at a time.

    Where ``tenant`` may be given, a saga of another tenant is not there (DESIGN law 13); without it
    the question is the system's own. All raise LogReadFailed when the file cannot be read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Another thread must not read in the middle of a transaction of this connection.
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the connection; harmless when it is closed."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def load(self, saga: int) -> list[Transition]:
        """Every transition of a saga, in order; empty when there is no such saga."""
        return [unseal(*row).transition for row in self._all("history", (saga,))]

    def state(self, saga: int) -> State | None:
        """What the transitions of a saga fold to."""
        found: State | None = None
        for transition in self.load(saga):
            found = evolve(found, transition)
        return found

    def saga(self, saga: int, tenant: int | None = None) -> SagaRow | None:
        """The row of one saga."""
        return self._row("saga", {"saga": saga, "tenant": tenant})

    def by_key(self, tenant: int, definition: str, key: str) -> SagaRow | None:
        """The saga that was started under this request key."""
        return self._row("saga_by_key", (tenant, definition, key))

    def definition(self, version: str) -> bytes | None:
        """The canonical JSON of a definition."""
        found = self._all("definition", (version,))
        return found[0][0].encode() if found else None

    def definitions(self) -> list[tuple[str, str, str]]:
        """Every definition: (version, name, canonical JSON)."""
        return self._all("definitions")

    def rollouts(self, partition: int) -> list[Rollout]:
        """Every rollout that the partition's log holds, in its order."""
        return [rollout_of(body) for (body,) in self._all("rollouts", (partition,))]

    def partition_facts(self, partition: int) -> PartitionFacts | None:
        """What is known of a partition's log; None when the file holds nothing of it."""
        found = self._all("partition", (partition,))
        return PartitionFacts(*found[0]) if found else None

    def home(self) -> bool | None:
        """Whether the log of this file is on an embedded broker; None while it is on none."""
        found = self._all("home")
        return bool(found[0][0]) if found else None

    def partitions(self) -> list[PartitionFacts]:
        """What is known of every partition's log, as of its ``at``."""
        return [PartitionFacts(*row) for row in self._all("partitions")]

    def _row(self, name: str, parameters: _Parameters) -> SagaRow | None:
        found = self._all(name, parameters)
        return SagaRow(*found[0]) if found else None

    def _all(self, name: str, parameters: _Parameters = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(SQL[name], parameters).fetchall()
        except sqlite3.Error as error:
            raise LogReadFailed(f"the saga log cannot be read: {error}") from error
