"""Figures from tallies."""

from collections.abc import Iterable
from math import ceil, sqrt
from typing import Final

from orchestrator.simulate.knobs import Knob
from orchestrator.simulate.labels import Doing
from orchestrator.simulate.outcomes import Part
from orchestrator.simulate.report import Effect, KnobReport, Quantiles, Share, Spending, Way
from orchestrator.simulate.tally import Ended, Tally
from orchestrator.simulate.variants import Row, Variant

Z: Final = 1.959964
"""95 % of a normal distribution lie within so many standard deviations."""
TIMES: Final[tuple[Knob, ...]] = ("timeout", "pause", "deadline")


def share_of(count: int, runs: int) -> Share:
    """A share with its interval of 95 % (Wilson, JASA 22, 1927: it holds near 0 and 1 too)."""
    share = count / runs
    middle = (share + Z * Z / (2 * runs)) / (1 + Z * Z / runs)
    half = Z * sqrt(share * (1 - share) / runs + (Z / (2 * runs)) ** 2) / (1 + Z * Z / runs)
    return Share(share, max(middle - half, 0.0), min(middle + half, 1.0))


def quantiles(ms: Iterable[int]) -> Quantiles | None:
    """Percentiles in seconds; None of nothing."""
    ordered = sorted(ms)
    if not ordered:
        return None

    def rank(q: float) -> float:
        return ordered[max(ceil(q * len(ordered)), 1) - 1] / 1_000

    return Quantiles(rank(0.5), rank(0.9), rank(0.95), rank(0.99), ordered[-1] / 1_000)


def ways(tally: Tally, deadline: bool) -> list[Way]:
    """How the runs ended, what came most often first."""
    found: list[Way] = []
    for ended, ms in sorted(tally.ms.items(), key=lambda one: -len(one[1])):
        took = quantiles(ms)
        assert took is not None
        end = ended.end
        name, count = how(ended, deadline), len(ms)
        found.append(Way(name, end.code, end.step, count, count / tally.runs, took))
    return found


def how(ended: Ended, deadline: bool = True) -> str:
    """The end in a word; without a ``deadline`` nothing is in time or late."""
    if ended.end.status == "completed" and deadline:
        return "completed in time" if ended.in_time else "completed late"
    return ended.end.status


def spending(tally: Tally, order: Iterable[Part]) -> list[Spending]:
    """Where the time goes, part by part."""
    runs, late = tally.runs, tally.runs - sum(tally.in_time)
    whole = sum(tally.spent.values()) or 1
    found: list[Spending] = []
    for part in order:
        mine: dict[Doing, int] = {
            one.doing: ms for one, ms in tally.spent.items() if one.part == part
        }
        missed = sum(ms for one, ms in tally.missed.items() if one.part == part)
        first = tally.asked[part, 1]
        attempts = sum(n for (asked, _), n in tally.asked.items() if asked == part)
        if not mine and not first:
            continue

        def mean(doing: Doing, mine: dict[Doing, int] = mine) -> float:
            return mine.get(doing, 0) / runs / 1_000

        found.append(
            Spending(
                *part,
                reached=first / runs,
                attempts=attempts / first if first else 0.0,
                executing=mean("executing"),
                pausing=mean("pausing"),
                unanswered=mean("unanswered"),
                waiting=mean("waiting"),
                person=mean("person"),
                between=mean("between"),
                share=sum(mine.values()) / whole,
                missed=missed / late / 1_000 if late else 0.0,
            )
        )
    return found


def effect(base: Tally, knob: Knob, variant: Variant, tally: Tally) -> Effect:
    """What turning a knob changes, run by run of the same luck."""
    runs = tally.runs
    pairs = list(zip(base.in_time[:runs], tally.in_time, strict=True))
    gained, lost = pairs.count((0, 1)), pairs.count((1, 0))
    change = (gained - lost) / runs
    error = sqrt(max((gained + lost) / runs - change * change, 0.0) / runs)
    scale = 1_000 if knob in TIMES else 1
    return Effect(variant.value / scale, variant.factor, tally.share, change, error)


def knob_report(row: Row, effects: list[Effect]) -> KnobReport:
    """One knob with all that it does."""
    scale = 1_000 if row.knob in TIMES else 1
    return KnobReport(row.saga, row.step, row.knob, row.now / scale, effects)
