"""What is remembered of a decision is right for every run: the quick simulation and the plain one,
in which every decision is made anew, agree run by run; and the stretches of the critical path add
up.
"""

from hypothesis import given, settings

from orchestrator.simulate.cast import Family
from orchestrator.simulate.luck import BLOCK, Luck
from orchestrator.simulate.outcomes import Given
from orchestrator.simulate.play import Play, Played
from orchestrator.simulate.stage import Stage, draws_of, resolved
from tests.unit.simulate.drawn import simulations
from tests.unit.simulate.plain import Came, Plain
from tests.unit.simulate.scenery import FLAKY, LIFECYCLE, SHIPPING, TRIP, family

RUNS = 20


def quick(of: Family, what: Given, runs: int, seed: int = 1) -> list[Played]:
    """The first runs, as the simulation plays them."""
    play = Play(Stage(of, resolved(what, of)), Luck(seed, 0, draws_of(what, of), BLOCK))
    return [play.run(number) for number in range(runs)]


def plain(of: Family, what: Given, runs: int, seed: int = 1) -> list[Came]:
    """The same runs without a memory."""
    luck = Luck(seed, 0, draws_of(what, of), BLOCK)
    return [Plain(of, resolved(what, of), luck, number).play() for number in range(runs)]


def alike(one: Played, other: Came) -> bool:
    """Whether two runs went the same way."""
    code = "" if one.end.status == "needs_operator" else one.end.code
    return (one.end.status, code, one.ms, one.in_time) == other


def whole(played: Played) -> int:
    """The length of the critical path."""
    link, total = played.chain, 0
    while link is not None:
        link, _, ms = link
        total += ms
    return total


@settings(max_examples=150, deadline=None)
@given(simulations())
def test_what_is_remembered_is_what_the_engine_decides(drawn: tuple[Family, Given]) -> None:
    of, what = drawn
    for one, other in zip(quick(of, what, RUNS), plain(of, what, RUNS), strict=True):
        assert alike(one, other), (one, other)
        assert whole(one) == one.ms


def test_the_seeds_lifecycle_run_by_run() -> None:
    of = family(LIFECYCLE, SHIPPING)
    found = zip(quick(of, FLAKY, BLOCK), plain(of, FLAKY, BLOCK), strict=True)
    assert all(alike(one, other) and whole(one) == one.ms for one, other in found)


def test_a_parallel_run_by_run() -> None:
    of = family(TRIP)
    found = zip(quick(of, FLAKY, BLOCK), plain(of, FLAKY, BLOCK), strict=True)
    assert all(alike(one, other) and whole(one) == one.ms for one, other in found)
