"""Answers whoever waits: from SQLite, woken by commits; never from a state that is pipelined."""

from collections.abc import Iterable, Sequence

from orchestrator.runtime.messages import Refused
from orchestrator.runtime.refusals import Refusals
from orchestrator.runtime.waiters import Waiters
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow

SETTLED = ("completed", "failed", "needs_operator")


class Answers:
    """What became of a start, or of a saga."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._waiters = Waiters()
        self._refusals = Refusals()

    def moved(self, sagas: Iterable[int]) -> None:
        """These sagas have changed in SQLite."""
        if not self._waiters:
            return
        for saga in sagas:
            self._waiters.wake(saga)
            row = self._reader.saga(saga)
            if row is not None:
                self._waiters.wake((row.tenant, row.definition, row.key))

    def refused(self, refusals: Sequence[Refused]) -> None:
        """These starts were refused, and everything before them is confirmed."""
        for told in refusals:
            self._refusals.remember(told)
            self._waiters.wake((told.tenant, told.definition, told.key))

    async def start(
        self, tenant: int, definition: str, key: str, timeout_s: float
    ) -> SagaRow | Refused | None:
        """The saga of this request key as soon as it is in the log, or why this process refused it;
        None when neither is known in time."""

        def look() -> SagaRow | Refused | None:
            row = self._reader.by_key(tenant, definition, key)
            return row or self._refusals.find(tenant, definition, key)

        return await self._waiters.until((tenant, definition, key), look, timeout_s)

    async def signal(self, saga: int, signal: str, timeout_s: float) -> str | None:
        """Why the saga refused this signal, empty where it applied; None when that is not known
        in time.
        """

        def look() -> str | None:
            state = self._reader.state(saga)
            return state and state.signals.get(signal)

        return await self._waiters.until(saga, look, timeout_s)

    async def saga(self, saga: int, timeout_s: float) -> SagaRow | None:
        """The saga as soon as it has ended or waits for a person; else as it stands in the end."""

        def look() -> SagaRow | None:
            row = self._reader.saga(saga)
            return row if row and row.status in SETTLED else None

        return await self._waiters.until(saga, look, timeout_s) or self._reader.saga(saga)

    async def further(self, saga: int, number: int, timeout_s: float) -> SagaRow | None:
        """The saga as soon as it has more than ``number`` transitions; else as it stands in the
        end.
        """

        def look() -> SagaRow | None:
            row = self._reader.saga(saga)
            return row if row and row.number > number else None

        return await self._waiters.until(saga, look, timeout_s) or self._reader.saga(saga)
