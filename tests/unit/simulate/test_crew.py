"""Whoever plays, it comes to the same; and tallies merge in any grouping."""

from orchestrator.simulate.crew import Crew, Task, crew
from orchestrator.simulate.figures import quantiles, share_of
from orchestrator.simulate.luck import BLOCK
from orchestrator.simulate.simulate import Simulated, report
from orchestrator.simulate.tally import Tally
from tests.unit.simulate.scenery import FLAKY, LIFECYCLE, SHIPPING, family

OF = family(LIFECYCLE, SHIPPING)


def facts(tally: Tally) -> tuple[object, ...]:
    """All of a tally, to be compared."""
    spent = {one: ms for one, ms in tally.spent.items() if ms}
    touched = {one: bytes(runs).rstrip(b"\0") for one, runs in tally.touched.items()}
    return tally.ms, bytes(tally.in_time), spent, +tally.missed, +tally.asked, touched


def test_two_processes_come_to_the_same_as_one() -> None:
    with crew(FLAKY, OF, 1, workers=1) as alone:
        one = alone.runs(OF, 1_700)
    with crew(FLAKY, OF, 1, workers=2) as both:
        two = both.runs(OF, 1_700)
    assert facts(one) == facts(two)


def test_a_run_does_not_hang_on_how_many_there_are() -> None:
    with crew(FLAKY, OF, 1, workers=1) as alone:
        few, many = alone.runs(OF, 300), alone.runs(OF, 1_300)
    assert few.in_time == many.in_time[:300]


def test_every_task_is_told_of() -> None:
    told: list[int] = []
    with crew(FLAKY, OF, 1, workers=1, told=told.append) as alone:
        alone.play([Task(OF, 0, 30), Task(OF, 1, BLOCK + 20, quick=True)])
    assert told == [30, BLOCK + 20]
    assert isinstance(alone, Crew)


def test_quick_runs_know_what_is_in_time_and_what_keeps_from_it() -> None:
    with crew(FLAKY, OF, 1, workers=1) as alone:
        full = alone.play([Task(OF, 0, BLOCK)])[0]
        quick = alone.play([Task(OF, 0, BLOCK, quick=True)])[0]
    assert full.in_time == quick.in_time

    def codes(tally: Tally) -> dict[str, int]:
        found: dict[str, int] = {}
        for ended, ms in tally.ms.items():
            found[ended.end.code] = found.get(ended.end.code, 0) + len(ms)
        return found

    assert codes(full)["no_answer"] == codes(quick)["no_answer"]


def test_the_report_adds_up() -> None:
    with crew(FLAKY, OF, 1, workers=1) as alone:
        base = alone.runs(OF, 2_000)
    found = report(Simulated(OF, 2_000, 1, []), base, [], 0, None)
    assert sum(way.runs for way in found.ways) == 2_000
    assert abs(sum(one.share for one in found.spending) - 1) < 1e-9
    doing = ("executing", "pausing", "unanswered", "waiting", "person", "between")
    spent = sum(getattr(one, name) for one in found.spending for name in doing)
    mean = sum(ms for some in base.ms.values() for ms in some) / 2_000_000
    assert abs(spent - mean) < 1e-6
    assert found.in_time.low < found.in_time.share < found.in_time.high
    assert found.completed > found.in_time.share


def test_shares_and_percentiles() -> None:
    none = share_of(0, 100)
    assert none.share == none.low == 0 and 0.03 < none.high < 0.04  # Wilson: z^2 / (n + z^2)
    took = quantiles(range(1, 101))
    assert took is not None
    assert (took.p50, took.p90, took.p99, took.longest) == (0.05, 0.09, 0.099, 0.1)
    assert quantiles([]) is None
