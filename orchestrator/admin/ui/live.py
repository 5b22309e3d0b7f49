"""What tells an open page that it is out of date: a fingerprint, looked up anew each time.

A page says which fingerprint it was made of; the stream tells every other one that it sees. Nothing
is kept between two looks but the fingerprint, so no read is ever held open.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import blake2b
from typing import Final

from infra.broker.errors import BrokerError
from infra.http.errors import Problem
from infra.http.streams import Event
from orchestrator.admin.ports import Backend
from orchestrator.runtime.errors import RuntimeFailure
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.rows import SagaRow

LOOK_S: Final = 1.0
"""Between two looks, where nothing wakes earlier."""
PAUSE_S: Final = 0.25
"""After each event: a saga may move a hundred times a second, and nobody reads that fast."""
QUIET_LOOKS: Final = 15
"""After so many looks without news the stream says that it is still there."""
_ENDS: Final = (Problem, BrokerError, RuntimeFailure, SagaLogError)

Look = Callable[[], str]
Wait = Callable[[float], Awaitable[None]]


def fingerprint(*parts: object) -> str:
    """A short text that is another one whenever a part is."""
    text = "\0".join(map(str, parts))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def of_rows(rows: list[SagaRow]) -> str:
    """The fingerprint of a list of sagas."""
    return fingerprint(*((row.id, row.number) for row in rows))


async def changes(look: Look, seen: str, wait: Wait) -> AsyncIterator[Event]:
    """An event whenever ``look`` finds another fingerprint than the one that was seen last.

    ``wait`` passes at most so many seconds. Ends where nothing can be looked up any more, or the
    one who looks may not.
    """
    quiet = 0
    yield Event()
    while True:
        try:
            found = await asyncio.to_thread(look)
            if found != seen:
                seen, quiet = found, 0
                yield Event("moved", found)
                await asyncio.sleep(PAUSE_S)
                continue
            quiet += 1
            if quiet % QUIET_LOOKS == 0:
                yield Event()
            await wait(LOOK_S)
        except _ENDS:
            return


def waiting(backend: Backend, saga: int) -> Wait:
    """Wait for the next move of a saga."""

    async def wait(seconds: float) -> None:
        row = backend.reader.saga(saga)
        await backend.wait_moved(saga, row.number if row else 0, seconds)

    return wait


async def pausing(seconds: float) -> None:
    """Wait where nothing wakes."""
    await asyncio.sleep(seconds)
