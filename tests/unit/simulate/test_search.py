"""The search: what each set of knobs can do, and the mildest settings that reach the target."""

import pytest

from orchestrator.definition.nodes import Retry
from orchestrator.simulate.cast import Family
from orchestrator.simulate.crew import crew
from orchestrator.simulate.durations import Constant, Lognormal
from orchestrator.simulate.finding import find
from orchestrator.simulate.knobs import Knob
from orchestrator.simulate.levels import Levels, rounded_up
from orchestrator.simulate.outcomes import Given, Outcome, Outcomes, Part
from orchestrator.simulate.report import Search
from orchestrator.simulate.stage import resolved
from tests.unit.simulate.scenery import LIFECYCLE, SHIPPING, family, outcomes, saga, step

THIRDS = Outcomes(
    (
        Outcome("works", 1, Lognormal.of_p99(20, 100)),
        Outcome("raises", 1, Constant(5)),
        Outcome("hangs"),
    )
)
FLAKY = Given({}, THIRDS)


def search(of: Family, what: Given, target: float, *knobs: Knob) -> Search:
    """Search with these knobs."""
    with crew(what, of, 1, workers=1) as players:
        return find(players, of, resolved(what, of), target, knobs, 2_000)


def test_attempts_alone_where_only_they_are_lacking() -> None:
    """Half of the attempts raise: 1 - 2^-n of the sagas are done, and nothing else matters."""
    of = family(saga("one", step("a", retry=Retry(3, 10, 10, 1.0)), deadline_ms=60_000))
    found = search(of, Given({}, outcomes(works=1, raises=1)), 0.95, "timeout", "attempts")
    tried = {tuple(one.knobs): one for one in found.tries}
    assert not tried[("timeout",)].reached and tried[("timeout",)].in_the_way.startswith(
        "no_answer"
    )
    assert tried[("attempts",)].reached
    (only,) = found.found
    assert only.knobs == ["attempts"]
    assert only.settings[0].attempts == 5  # 96.9 %; 4 are 93.8 %
    assert only.confirmed.share > 0.95
    assert only.overrides == {"one": {"steps": {"a": {"retry": {"attempts": 5}}}}}


def test_what_no_turning_reaches_is_said() -> None:
    of = family(saga("one", step("a"), deadline_ms=60_000))
    never = Given({}, outcomes(raises=1))
    found = search(of, never, 0.5, "attempts", "pause")
    assert not found.found
    assert [one.knobs for one in found.tries] == [["attempts"], ["pause"], ["attempts", "pause"]]
    assert {one.in_time for one in found.tries} == {0.0}


def test_timeouts_are_those_of_how_long_it_takes_when_it_works() -> None:
    of = family(LIFECYCLE, SHIPPING)
    slow = Outcomes((Outcome("works", 1, Lognormal.of_p99(200, 1_000)), Outcome("hangs")))
    what = resolved(Given({Part("lifecycle", "payment", "do"): slow}, THIRDS), of)
    levels = Levels(of, what)
    turned = {turn.step: turn.value for turn in levels.turns("timeout", 4)}  # the 99th percentile
    assert turned["payment"] == 1_000 and turned["dispatch"] == 100
    assert not levels.turns("timeout", 0)
    attempts = {turn.step for turn in levels.turns("attempts", 1)}
    assert attempts == {"receive", "validate", "payment", "prepare", "dispatch"}  # not ship


@pytest.mark.parametrize(("ms", "rounded"), [(7, 7), (94, 94), (457, 460), (1_234, 1_300)])
def test_timeouts_have_two_digits(ms: int, rounded: int) -> None:
    assert rounded_up(ms) == rounded


@pytest.mark.proof
def test_the_seeds_lifecycle_needs_attempts_timeouts_and_pauses_together() -> None:
    of = family(LIFECYCLE, SHIPPING)
    found = search(of, FLAKY, 0.99, "timeout", "attempts", "pause", "coefficient")
    assert not any(one.reached for one in found.tries if len(one.knobs) < 3)
    assert found.found
    for one in found.found:
        assert {"timeout", "attempts", "pause"} <= set(one.knobs)
        assert one.confirmed.high > 0.99
