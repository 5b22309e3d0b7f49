"""Cases whose answer is known in advance, and what the virtual clock does."""

from collections import Counter
from math import comb, sqrt

import pytest

from orchestrator.definition.nodes import Definition, Parallel, Retry
from orchestrator.simulate.cast import Family
from orchestrator.simulate.crew import crew
from orchestrator.simulate.durations import Constant, Duration
from orchestrator.simulate.outcomes import Given, Outcome, Outcomes, Part
from orchestrator.simulate.situation import End
from orchestrator.simulate.tally import Ended, Tally
from tests.unit.simulate.scenery import (
    FLAKY,
    LIFECYCLE,
    SHIPPING,
    STUBBORN,
    always,
    child,
    family,
    outcomes,
    saga,
    step,
    wait,
)

TEN = Constant(10)


def played(of: Family | Definition, what: Given, runs: int = 1, seed: int = 1) -> Tally:
    """So many runs."""
    if isinstance(of, Definition):
        of = family(of)
    with crew(what, of, seed, workers=1) as players:
        return players.runs(of, runs)


def only(of: Family | Definition, what: Given) -> tuple[str, str, int, bool]:
    """The one way in which a run without chance ends: status, code, ms, in time."""
    ended, ms = one_way(played(of, what))
    return ended.end.status, ended.end.code, ms[0], ended.in_time


def one_way(tally: Tally) -> tuple[Ended, list[int]]:
    """How all of them ended."""
    assert len(tally.ms) == 1
    return next(iter(tally.ms.items()))


def near(tally: Tally, share: float) -> bool:
    """Whether the share in time is this one but for chance (4 standard errors)."""
    return abs(tally.share - share) <= 4 * sqrt(share * (1 - share) / tally.runs)


def given(part: tuple[str, str], *found: Outcome, law: Duration = TEN) -> Given:
    """One part is as said, everything else works in this time."""
    return Given({Part(*part, "do"): Outcomes(found)}, Outcomes((Outcome("works", 1.0, law),)))


@pytest.mark.parametrize(("attempts", "works"), [(1, 0.5), (3, 1 / 3), (5, 0.2), (2, 0.95)])
def test_a_step_works_in_n_attempts_as_often_as_arithmetic_says(
    attempts: int, works: float
) -> None:
    one = saga("one", step("a", retry=Retry(attempts, 10, 10, 1.0)))
    what = Given({}, outcomes(works=works, raises=(1 - works) / 2, hangs=(1 - works) / 2))
    assert near(played(one, what, 20_000), 1 - (1 - works) ** attempts)


def test_three_steps_of_a_third_and_three_attempts() -> None:
    """The seed's flaky_call without a deadline: 1 - (2/3)^3 for each step."""
    three = saga("three", step("a"), step("b", "read"), step("c"))
    assert near(played(three, FLAKY, 20_000), (1 - (2 / 3) ** 3) ** 3)


def test_within_a_deadline_as_often_as_so_many_failures_fit() -> None:
    """Each failure costs 100 ms and is a matter of a coin: at most 4 of them fit, of two steps."""
    retry = Retry(0, 80, 80, 1.0)
    two = saga("two", step("a", retry=retry), step("b", retry=retry), deadline_ms=2 * 20 + 4 * 100)
    what = Given({}, outcomes(works=1, raises=1))
    fits = sum(comb(n + 1, 1) * 0.5 ** (n + 2) for n in range(5))  # negative binomial
    assert near(played(two, what, 20_000), fits)


def test_attempts_are_geometric() -> None:
    one = saga("one", step("a", retry=Retry(3, 10, 10, 1.0)))
    tally = played(one, FLAKY, 10_000)
    part = Part("one", "a", "do")
    shares = [tally.asked[part, n] / 10_000 for n in (1, 2, 3, 4)]
    assert shares[0] == 1 and shares[3] == 0
    assert abs(shares[1] - 2 / 3) < 0.02 and abs(shares[2] - 4 / 9) < 0.02


def test_everything_works_one_after_another() -> None:
    three = saga("three", step("a"), step("b"), step("c"), deadline_ms=31)
    assert only(three, always(Constant(10))) == ("completed", "", 30, True)


def test_at_the_deadline_what_is_there_counts_first() -> None:
    assert only(saga("one", step("a"), deadline_ms=10), always(Constant(10)))[3]
    late = only(saga("one", step("a"), deadline_ms=9), always(Constant(10)))
    assert late == ("failed", "deadline_exceeded", 20, False)  # settled, then undone


def test_branches_run_at_the_same_time() -> None:
    both = saga("both", Parallel(((step("a"),), (step("b"), step("c")))))
    assert only(both, always(Constant(10))) == ("completed", "", 20, True)


def test_a_timeout_that_nobody_answers_and_the_pauses() -> None:
    one = saga("one", step("a", timeout_ms=300, retry=Retry(3, 100, 1_000, 2.0)))
    what = given(("one", "a"), Outcome("hangs"))
    # 300 + 100 + 300 + 200 + 300, and the undo of what is perhaps done
    assert only(one, what) == ("failed", "no_answer", 1_210, False)
    spent = {(one.part.direction, one.doing): ms for one, ms in played(one, what).spent.items()}
    assert spent == {("do", "unanswered"): 900, ("do", "pausing"): 300, ("undo", "executing"): 10}


def test_an_answer_that_comes_after_its_timeout_still_counts() -> None:
    one = saga("one", step("a", timeout_ms=300, retry=Retry(3, 100, 1_000, 2.0)))
    assert only(one, always(Constant(350))) == ("completed", "", 350, True)


def test_a_refusal_turns_the_saga_by_its_code() -> None:
    two = saga("two", step("a"), step("b"))
    what = given(("two", "b"), Outcome("refuses", 1, Constant(5), "no"))
    assert only(two, what) == ("failed", "no", 25, False)


def test_past_the_point_of_no_return_it_is_late_and_goes_on() -> None:
    late = saga("late", step("a", "pivot"), step("b", "retriable"), deadline_ms=15)
    ended, ms = one_way(played(late, always(Constant(10))))
    assert (ended, ms) == (Ended(End("completed", "", ""), False), [20])


def test_a_pivot_that_never_answers_needs_a_person() -> None:
    one = saga("one", step("a", "pivot", 100, Retry(2, 50, 50, 1.0)))
    what = given(("one", "a"), Outcome("hangs"))
    assert only(one, what) == ("needs_operator", "do", 250, False)


def test_what_goes_on_for_ever_is_given_up() -> None:
    one = saga("one", step("a", retry=Retry(0, 10, 10, 1.0)))
    assert only(one, given(("one", "a"), Outcome("hangs")))[0] == "endless"


def test_a_wait_that_nobody_answers_takes_its_time() -> None:
    one = saga("one", step("a"), wait("review", 2_000), deadline_ms=3_000)
    assert only(one, always(Constant(10))) == ("completed", "", 2_010, True)
    ends = saga("one", step("a"), wait("review", 2_000, expires="refused"))
    assert only(ends, always(Constant(10))) == ("failed", "rejected", 2_020, False)


@pytest.mark.parametrize(("kind", "code"), [("approves", ""), ("rejects", "rejected")])
def test_a_wait_is_answered(kind: str, code: str) -> None:
    one = saga("one", step("a"), wait("review", 2_000))
    what = given(("one", "review"), Outcome(kind, 1, Constant(500)))  # type: ignore[arg-type]
    undo = 10 if code else 0
    assert only(one, what)[1:3] == (code, 510 + undo)


def test_the_time_of_a_person_does_not_count() -> None:
    one = saga("one", wait("review", 60_000, person=True), step("a"), deadline_ms=100)
    what = given(("one", "review"), Outcome("approves", 1, Constant(5_000)), law=Constant(99))
    assert only(one, what) == ("completed", "", 5_099, True)
    assert {one.doing for one in played(one, what).spent} == {"person", "executing"}


BELOW = saga("below", step("c"), step("d", "pivot", 100, Retry(2, 50, 50, 1.0)), result="d.y")
ABOVE = saga("above", step("a"), child("sub", BELOW), step("z", "retriable"), deadline_ms=200)


def test_a_child_runs_on_the_same_clock() -> None:
    what = Given({}, Outcomes((Outcome("works", 1, Constant(10)),)), Constant(3))
    of = family(ABOVE, BELOW)
    assert only(of, what) == ("completed", "", 10 + 3 + 20 + 3 + 10, True)
    between = [ms for spent, ms in played(of, what).spent.items() if spent.doing == "between"]
    assert between == [6]


def test_a_child_that_fails_is_a_refusal_by_its_code() -> None:
    what = given(("below", "c"), Outcome("refuses", 1, Constant(10), "no"))
    # below: refused at 20, nothing to undo; above: undo of a
    assert only(family(ABOVE, BELOW), what) == ("failed", "no", 30, False)


def test_a_child_with_a_point_of_no_return_keeps_the_deadline() -> None:
    slow = given(("below", "c"), Outcome("works", 1, Constant(500)))
    tally = played(family(ABOVE, BELOW), slow)
    ended, ms = one_way(tally)
    # it turns at 200, settles at 510, undoes c, then a is undone
    assert (ended.end, ms) == (End("failed", "deadline_exceeded", "sub"), [530])
    slower = given(("below", "d"), Outcome("works", 1, Constant(500)))
    assert only(family(ABOVE, BELOW), slower)[0] == "needs_operator"


def test_a_child_that_is_asked_for_again_is_the_same() -> None:
    of = family(saga("above", child("sub", BELOW, timeout_ms=5)), BELOW)
    assert only(of, always(Constant(10))) == ("completed", "", 20, True)
    assert played(of, always(Constant(10))).asked[Part("below", "c", "do"), 1] == 1


def test_a_child_is_told_to_stop_where_its_parent_turns() -> None:
    below = saga("below", step("c"), step("d"))
    branches = ((child("sub", below, "compensatable"),), (step("b"),))
    of = family(saga("above", Parallel(branches)), below)
    refuses = Outcomes((Outcome("refuses", 1, Constant(5), "no"),))
    what = Given(
        {Part("above", "b", "do"): refuses}, Outcomes((Outcome("works", 1, Constant(10)),))
    )
    # at 5 b is refused, the child stops: c settles at 10 and is undone at 20; d is never asked
    assert only(of, what) == ("failed", "no", 20, False)
    assert Part("below", "d", "do") not in {part for part, _ in played(of, what).asked}


def test_the_seeds_lifecycle_hardly_ever_meets_its_deadline() -> None:
    tally = played(family(LIFECYCLE, SHIPPING), FLAKY, 5_000)
    ends = Counter[str]()
    for ended, ms in tally.ms.items():
        ends[ended.end.code] += len(ms)
    assert 0.05 < tally.share < 0.09
    assert ends["no_answer"] > ends["deadline_exceeded"] > 0


def test_retriable_steps_are_not_given_up() -> None:
    one = saga("one", step("a", "pivot", retry=STUBBORN), step("b", "retriable", retry=STUBBORN))
    assert played(one, FLAKY, 500).share == 1
