"""Reading the saga log beside its writer: for HTTP, command line and metrics."""

from collections.abc import Iterator
from os import PathLike
from typing import Self

from infra.datastore import open_database
from orchestrator.engine.facts import Transition
from orchestrator.engine.state import Status
from orchestrator.sagalog.lookups import Lookups
from orchestrator.sagalog.rows import SagaRow

# Above every saga id (they are below 2**53): a list begins at the newest.
_NEWEST = 2**53
OWED = 1_000
"""Owed wake-ups that are counted: what lies beyond is as bad."""
# The last character there is: whatever begins with a text sorts before the text and this.
_LAST = "\U0010ffff"

_Rows = list[SagaRow]
_Transitions = list[Transition]


class Reader(Lookups):
    """A read-only connection: it sees every commit, holds nobody up, and cannot write or
    checkpoint.

    Usable from any thread. The questions are short, so that a coroutine may ask directly.
    """

    @classmethod
    def open(cls, file: str | PathLike[str]) -> Self:
        """Open a file that a SagaLog has made; raises DatabaseNotOpened (infra.datastore)."""
        return cls(open_database(file, readonly=True))

    def history(self, saga: int, tenant: int | None = None) -> _Transitions:
        """Every transition of a saga, in order; empty when there is no such saga of that tenant."""
        if tenant is not None and self.saga(saga, tenant) is None:
            return []
        return self.load(saga)

    def list(
        self,
        tenant: int,
        definition: str | None = None,
        status: Status | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> _Rows:
        """A page of a tenant's sagas, highest id first; the next page is ``after`` its last id."""
        found = self._all(
            "list_sagas",
            {
                "tenant": tenant,
                "definition": definition,
                "status": status,
                "after": _NEWEST if after is None else after,
                "limit": limit,
            },
        )
        return [SagaRow(*row) for row in found]

    def open_sagas(self, definition: str | None = None) -> Iterator[SagaRow]:
        """Every saga that has not ended, of all tenants, by partition and id, each as it is when
        its turn comes; only ids are held meanwhile.
        """
        for facts in self.partitions():
            for (saga,) in self._all("open_sagas", {"partition": facts.partition}):
                row = self.saga(saga)
                if row is None or row.status in ("completed", "failed"):
                    continue
                if definition in (None, row.definition):
                    yield row

    def latest(self, definition: str, limit: int) -> Iterator[_Transitions]:
        """The histories of the sagas of a definition, of all tenants, highest id first."""
        for (saga,) in self._all("latest_of_definition", (definition, limit)):
            yield self.load(saga)

    def counts(self, tenant: int | None = None) -> dict[Status, int]:
        """How many sagas stand in each status; a status that none has is not named."""
        if tenant is None:
            return dict(self._all("counts"))
        return dict(self._all("counts_of_tenant", (tenant,)))

    def counts_of_definitions(self) -> dict[tuple[str, Status], int]:
        """How many sagas of each definition stand in each status; 0 where there were some once."""
        found = self._all("counts_of_definitions")
        return {(definition, status): count for definition, status, count in found}

    def owed(self, partition: int, now_ms: int) -> tuple[int, int]:
        """How many wake-ups of a partition are owed, ``OWED`` at most, and for how long (ms)."""
        count, oldest = self._all("owed", (partition, now_ms, OWED))[0]
        return count, now_ms - oldest if count else 0

    def stalest(
        self,
        limit: int = 20,
        tenant: int | None = None,
        definition: str | None = None,
        status: Status | None = None,
    ) -> _Rows:
        """The open sagas for which nothing has happened longest."""
        found = self._all(
            "stalest",
            {"limit": limit, "tenant": tenant, "definition": definition, "status": status},
        )
        return [SagaRow(*row) for row in found]

    def with_key(self, tenant: int, definition: str, begins: str, limit: int = 50) -> _Rows:
        """A tenant's sagas of a definition whose request key begins like this, by their key."""
        found = self._all(
            "sagas_by_key",
            {
                "tenant": tenant,
                "definition": definition,
                "first": begins,
                "end": begins + _LAST,
                "limit": limit,
            },
        )
        return [SagaRow(*row) for row in found]

    def wakeless(self, limit: int = 20) -> _Rows:
        """Open sagas that neither time nor a person will move: law 12 says there are none."""
        return [SagaRow(*row) for row in self._all("wakeless", (limit,))]
