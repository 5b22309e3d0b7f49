"""The two loads: as many orders as are answered, and orders at a rate whatever the answers take."""

import asyncio
import itertools
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from infra.clock import Clock
from orchestrator.bench.http.connections import Connections
from orchestrator.bench.http.figures import Measured, fails
from orchestrator.bench.http.timetable import Due, Kind
from orchestrator.bench.load import BenchError
from orchestrator.definition.scenario import Ask, Visit
from orchestrator.runtime.tasks import end_all

HEALTH: Final = Ask("GET", "/health")
AT_A_TIME: Final = 32
"""Callers that start one order after another while the maximum is sought."""
LATELY: Final = 12
"""Orders that a caller still asks about: those of the last seconds, as in the timetable."""
Visits = Callable[[int], Visit]


class Site(NamedTuple):
    """What is asked, by whom, and what the n-th visit asks; ``probing`` ask for the health."""

    connections: Connections
    probing: Connections
    clock: Clock
    visits: Visits


async def orders_at_most(
    site: Site, seconds: float, first: int, signals: float, chance: random.Random
) -> int:
    """Ask the same mix as `offered`, but each of ``AT_A_TIME`` callers the next as soon as it has
    its answer: for every order that it starts it looks at one of its last, and for a share
    ``signals`` it tells one of them something. How many starts were taken. Raises BenchError when
    any of these fails: a maximum of failures is none.
    """
    end = site.clock.monotonic() + seconds
    numbers = itertools.count(first)
    taken = 0

    async def caller() -> None:
        nonlocal taken
        mine: deque[Visit] = deque(maxlen=LATELY)
        while site.clock.monotonic() < end:
            visit = site.visits(next(numbers))
            await answered(site, "start", visit.start)
            taken += 1
            mine.append(visit)
            await answered(site, "status", chance.choice(mine).status)
            if chance.random() < signals:
                await answered(site, "signal", chance.choice(mine).signal)

    callers = [asyncio.create_task(caller()) for _ in range(AT_A_TIME)]
    try:
        await asyncio.gather(*callers)
    finally:
        await end_all(callers)
    return taken


async def answered(site: Site, kind: Kind, what: Ask) -> None:
    """Wait for an answer; raises BenchError when it is a failure."""
    answer = await site.connections.ask(what)
    if fails(kind, answer.status):
        place = f"{what.method} {what.path}"
        raise BenchError(f"{place} was answered {answer.status}: {answer.body[:300]!r}")


async def offered(
    site: Site, due: Sequence[Due], first: int, progress: Callable[[int], None]
) -> Measured:
    """Ask everything when it is due, and wait for all answers.

    An answer has taken the time since it was asked for, including the wait for a connection. How
    late that was after it was due is the client's own fault, and counted apart: nothing is asked
    later because something else is not answered yet.
    """
    measured = Measured()
    began = site.clock.monotonic()
    under_way: set[asyncio.Task[None]] = set()

    async def ask(kind: Kind, what: Ask) -> None:
        asked = site.clock.monotonic()
        through = site.probing if kind == "health" else site.connections
        answer = await through.ask(what)
        taken = measured.taken[kind]
        taken.seconds.append(answer.at - asked)
        taken.statuses[answer.status] += 1

    for done, one in enumerate(due):
        at = began + one.at
        await asyncio.sleep(max(0.0, at - site.clock.monotonic()))
        measured.behind.append(site.clock.monotonic() - at)
        what = _asked(one, site.visits(first + one.number))
        task = asyncio.create_task(ask(one.kind, what))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        progress(done + 1)
    while under_way:
        await asyncio.wait(under_way)
    return measured


def _asked(due: Due, visit: Visit) -> Ask:
    asks = {"start": visit.start, "status": visit.status, "signal": visit.signal}
    return asks.get(due.kind, HEALTH)
