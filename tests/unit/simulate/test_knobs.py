"""Knobs: what turning one does to a definition, and that what it cannot change is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.definition.nodes import Definition
from orchestrator.simulate.cast import Family
from orchestrator.simulate.crew import Task, crew
from orchestrator.simulate.knobs import Turn, asked, turned
from orchestrator.simulate.outcomes import Given
from orchestrator.simulate.simulate import knob_effects
from orchestrator.simulate.tally import UNKNOWN
from orchestrator.simulate.untouched import known
from orchestrator.simulate.variants import rows, values
from tests.unit.simulate.drawn import simulations
from tests.unit.simulate.scenery import FLAKY, LIFECYCLE, SHIPPING, TRIP, family

SEED = family(LIFECYCLE, SHIPPING)


def policy(of: Family, saga: str, name: str) -> tuple[float, ...]:
    """The policy of a step."""
    step = next(step for one, step in asked(of) if (one, step.name) == (saga, name))
    retry = step.retry
    waits = (retry.initial_ms, retry.maximum_ms, retry.coefficient)
    return (step.timeout_ms, retry.attempts, *waits)


@pytest.mark.parametrize(
    ("knob", "value", "then"),
    [
        ("timeout", 500, (500, 3, 1_000, 10_000, 2.0)),
        ("attempts", 7, (2_000, 7, 1_000, 10_000, 2.0)),
        ("pause", 20_000, (2_000, 3, 20_000, 20_000, 2.0)),
        ("coefficient", 1.5, (2_000, 3, 1_000, 10_000, 1.5)),
    ],
)
def test_one_knob_of_one_step_of_a_child(knob: str, value: float, then: tuple[float, ...]) -> None:
    found = turned(SEED, [Turn("shipping", "prepare", knob, value)])  # type: ignore[arg-type]
    assert policy(found, "shipping", "prepare") == then
    assert policy(found, "shipping", "dispatch") == policy(SEED, "shipping", "dispatch")
    assert found["lifecycle"] is SEED["lifecycle"]


def test_the_deadline_and_a_step_within_a_parallel() -> None:
    trip = family(TRIP)
    assert turned(trip, [Turn("trip", "", "deadline", 500)])["trip"].time_ms == 500
    assert turned(trip, [Turn("trip", "", "deadline", 0)])["trip"].time_ms == 0
    assert policy(turned(trip, [Turn("trip", "seat", "timeout", 7)]), "trip", "seat")[0] == 7


def test_every_knob_is_turned_alone_and_to_what_it_is_not() -> None:
    table = rows(SEED)
    named = {(row.saga, row.step, row.knob) for row in table}
    assert ("shipping", "dispatch", "timeout") in named
    assert ("lifecycle", "review", "timeout") in named
    assert ("lifecycle", "", "deadline") in named
    assert not {row.knob for row in table if row.step == "shipping"}  # a child is not asked
    for row in table:
        for variant in row.variants:
            assert turned(SEED, variant.turns) != SEED
            if row.step:
                ((saga, step, knob, value),) = variant.turns
                assert (saga, step, knob) == (row.saga, row.step, row.knob) and value != row.now


def test_all_steps_together_leave_those_that_must_succeed_their_attempts() -> None:
    attempts = next(row for row in rows(SEED) if (row.step, row.knob) == ("", "attempts"))
    for variant in attempts.variants:
        assert "ship" not in {turn.step for turn in variant.turns}


@given(st.integers(0, 200))
def test_attempts_are_turned_to_something_that_can_be(now: int) -> None:
    assert all(value >= 1 and value != now for value in values("attempts", now))


@pytest.mark.parametrize("of", [SEED, family(TRIP)], ids=["lifecycle", "trip"])
def test_what_is_known_of_a_turned_knob_is_so(of: Family) -> None:
    compare(of, FLAKY, 150)


@settings(max_examples=15, deadline=None)
@given(simulations())
def test_what_is_known_is_so_for_any_saga(drawn: tuple[dict[str, Definition], Given]) -> None:
    compare(*drawn, 20)


def compare(of: Family, what: Given, runs: int) -> None:
    """Play everything, and compare with what was known."""
    with crew(what, of, 1, workers=1) as players:
        base = players.runs(of, runs)
        for row in rows(of):
            for variant in row.variants:
                told = known(base, of, variant.turns, runs)
                task = Task(turned(of, variant.turns), 0, runs, True)
                played = players.play([task])[0]
                for one, other in zip(told, played.in_time, strict=True):
                    assert one in (UNKNOWN, other), variant


def test_the_effect_is_the_difference_of_the_same_runs() -> None:
    of = family(LIFECYCLE, SHIPPING)
    with crew(FLAKY, of, 1, workers=1) as players:
        base = players.runs(of, 400)
        found = knob_effects(players, of, base, 400)
        later = players.runs(turned(of, [Turn("lifecycle", "", "deadline", 30_000)]), 400)
    deadline = next(one for one in found if one.knob == "deadline")
    effect = next(one for one in deadline.effects if one.value == 30)
    assert effect.in_time == later.share
    assert abs(effect.change - (later.share - base.share)) < 1e-9
    assert 0 < effect.error < 0.03
