"""One measurement, whole: warmed up, the maximum found, half of it offered, the figures."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.clock import Clock
from orchestrator.bench.http.disk import disk_watched
from orchestrator.bench.http.figures import behind_ms, figures
from orchestrator.bench.http.load import Site, Visits, answered, offered, orders_at_most
from orchestrator.bench.http.process import Counts, Process, ended
from orchestrator.bench.http.timetable import timetable
from orchestrator.bench.load import BenchError
from orchestrator.bench.runs import Say

WARM_UP_S: Final = 1.0
PATIENCE_S: Final = 90.0
HALF: Final = 0.5
MOST: Final = 100_000
"""Requests of one run: what is offered is bounded, whatever the machine can do."""
_SUM: Final = "saga_duration_seconds_sum"


@dataclass(frozen=True)
class Wanted:
    """``maximum_s``: how long the maximum is sought; ``seconds``: how long half of it is offered;
    ``rate``: starts a second instead; ``signals``: the share of orders that are told something.
    """

    maximum_s: float
    seconds: float
    rate: float | None
    signals: float
    seed: int


async def measured(  # pylint: disable=too-many-locals  # one for each figure
    process: Process, visits: Visits, clock: Clock, wanted: Wanted, say: Say
) -> dict[str, Any]:
    """The figures. Raises BenchError when sagas do not end, or a request fails before the
    load is offered.
    """
    site = Site(process.connections, process.probing, clock, visits)
    first, maximum = await _maximum(process, site, wanted, say)
    rate = wanted.rate if wanted.rate is not None else maximum * HALF
    due = timetable(rate, wanted.seconds, wanted.signals, random.Random(wanted.seed))
    if len(due) > MOST:
        raise BenchError(f"{len(due)} requests are more than {MOST}: offer less, or for less long")
    before, used = await process.counts(), process.cpu_s()
    shown = _saying(say, f"{rate:.1f} starts a second", len(due))
    with disk_watched(process.data, clock) as disk:
        answers = await offered(site, due, first, shown)
    begun = answers.taken["start"]
    after = await _over(process, clock, first - 1 + len(begun.seconds) - begun.failed)
    cpu = {name: seconds - used[name] for name, seconds in process.cpu_s().items()}
    starts = len(begun.seconds) or 1
    return {
        "maximum_per_s": round(maximum, 1) if maximum else None,
        "offered_per_s": round(rate, 1),
        "seconds": wanted.seconds,
        "requests": figures(answers),
        "client_behind_p99_ms": behind_ms(answers),
        "disk_sync": disk.figures(),
        "cpu_ms_per_start": {name: round(s * 1_000 / starts, 2) for name, s in cpu.items()},
        "sagas": _sagas(before, after),
    }


async def _maximum(process: Process, site: Site, wanted: Wanted, say: Say) -> tuple[int, float]:
    """The number of the next order, and how many starts a second are taken and carried out, with
    what is asked beside them; 0 where nobody wants to know.
    """
    say("warming up", 0, 3)
    first = 1 + await _taken(process, site, wanted, WARM_UP_S, 1)
    if wanted.rate is not None:
        return first, 0.0
    say("one order alone", 1, 3)
    before = await process.counts()
    await answered(site, "start", site.visits(first).start)
    after = await _over(process, site.clock, first)
    alone = after[_SUM, "completed"] - before[_SUM, "completed"]
    say("the maximum", 2, 3)
    began = site.clock.monotonic()
    taken = await _taken(process, site, wanted, wanted.maximum_s, first + 1)
    # The last one still takes its own time, in which nothing else is there to be done.
    return first + 1 + taken, taken / (site.clock.monotonic() - began - alone)


async def _taken(process: Process, site: Site, wanted: Wanted, seconds: float, first: int) -> int:
    """Start orders, and wait until all are over; how many numbers were used up."""
    chance = random.Random(wanted.seed)
    taken = await orders_at_most(site, seconds, first, wanted.signals, chance)
    await _over(process, site.clock, first - 1 + taken)
    return taken


async def _over(process: Process, clock: Clock, taken: int) -> Counts:
    """What is counted once the sagas of all starts that were ever taken are over."""
    counts = await process.settled(taken, PATIENCE_S, clock)
    left = max(taken, counts.get(("saga_started_total", ""), 0)) - ended(counts)
    if left > 0:
        raise BenchError(f"{left:.0f} sagas did not end within {PATIENCE_S:g} s")
    return counts


def _sagas(before: Counts, after: Counts) -> Mapping[str, Any]:
    """What became of the sagas between the two."""

    def more(name: str, tells: str) -> int:
        return round(after.get((name, tells), 0) - before.get((name, tells), 0))

    codes = {tells for name, tells in after if name == "saga_failures_total"}
    failed = {code: more("saga_failures_total", code) for code in sorted(codes)}
    return {
        "started": more("saga_started_total", ""),
        "completed": more("saga_ended_total", "completed"),
        "failed": {code: count for code, count in failed.items() if count},
    }


def _saying(say: Say, what: str, whole: int) -> Callable[[int], None]:
    return lambda done: say(what, done, whole)
