"""Mistakes in what settings say of sagas."""

import pytest

from orchestrator.definition import DefinitionError, Saga, wait
from orchestrator.definition.overrides import all_overridden, overridden
from tests.unit.definition.journey import (
    DEPARTURE,
    LEAVE,
    TELL,
    TOUR,
    Knock,
    journey,
)


def after_the_pivot() -> Saga:
    return journey(LEAVE, wait("x", Knock, timeout=1, expires="done"), TELL)


CASES = [
    pytest.param(
        TOUR,
        [],
        "overrides of tour",
        "[] is no JSON object",
        "Write an object with some of these: deadline, steps",
        id="a list",
    ),
    pytest.param(
        TOUR,
        {"dedline": 3},
        "overrides of tour",
        "there is no setting 'dedline'",
        "Write one of these: deadline, steps (did you mean 'deadline'?)",
        id="unknown setting",
    ),
    pytest.param(
        TOUR,
        {"steps": {"lok": {}}},
        "overrides of tour, steps",
        "there is no step 'lok'",
        "Write one of these: look, approval, departure, tell (did you mean 'look'?)",
        id="unknown step",
    ),
    pytest.param(
        TOUR,
        {"steps": []},
        "overrides of tour, steps",
        "[] is no JSON object",
        "Write an object with some of these: look, approval, departure, tell",
        id="steps are a list",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": 3}},
        "overrides of tour, step look",
        "3 is no JSON object",
        "Write an object with some of these: timeout, retry",
        id="a step is a number",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": {"undo": {}}}},
        "overrides of tour, step look",
        "there is no setting 'undo'",
        "Write one of these: timeout, retry",
        id="no undo",
    ),
    pytest.param(
        TOUR,
        {"steps": {"departure": {"retry": {}}}},
        "overrides of tour, step departure",
        "there is no setting 'retry'",
        "Write one of these: timeout",
        id="a child is asked until it has ended",
    ),
    pytest.param(
        TOUR,
        {"steps": {"approval": {"retry": {}}}},
        "overrides of tour, step approval",
        "there is no setting 'retry'",
        "Write one of these: timeout, expires, data, person",
        id="a wait has no retry",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": {"retry": {"atempts": 3}}}},
        "overrides of tour, step look, retry",
        "there is no setting 'atempts'",
        "Write one of these: attempts, initial, maximum, coefficient (did you mean 'attempts'?)",
        id="unknown part of a retry",
    ),
    pytest.param(
        DEPARTURE,
        {"steps": {"pack": {"undo": {"retries": 3}}}},
        "overrides of departure, step pack, undo",
        "there is no setting 'retries'",
        "Write one of these: timeout, retry (did you mean 'retry'?)",
        id="unknown part of an undo",
    ),
    pytest.param(
        TOUR,
        {"deadline": "soon"},
        "overrides of tour",
        "the deadline 'soon' is not a duration of at most a year",
        "Write deadline=2.5 (seconds) or deadline=timedelta(minutes=1)",
        id="no duration",
    ),
    pytest.param(
        TOUR,
        {"deadline": 0},
        "overrides of tour",
        "the deadline is 0 ms, and nothing can be done in that time",
        "Write a deadline such as deadline=15 (seconds), or leave it out",
        id="no time",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": {"timeout": True}}},
        "overrides of tour, step look",
        "the timeout True is not a duration of at most a year",
        "Write timeout=2.5 (seconds) or timeout=timedelta(minutes=1)",
        id="a timeout that is true",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": {"retry": {"attempts": "three"}}}},
        "overrides of tour, step look, retry",
        "attempts 'three' and coefficient 2.0 are not both numbers",
        "Write RetryPolicy(attempts=5, coefficient=2)",
        id="attempts are a text",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": {"retry": {"attempts": 1_000_001}}}},
        "overrides of tour, step look, retry",
        "1000001 attempts are never made",
        "Write at most 1,000,000 attempts, or FOREVER (0)",
        id="too many attempts",
    ),
    pytest.param(
        TOUR,
        {"steps": {"look": {"retry": {"initial": 20}}}},
        "overrides of tour, step look, retry",
        "the initial pause, 20000 ms, is above the maximum, 10000 ms",
        "Write a maximum that is at least the initial pause",
        id="against what was left out",
    ),
    pytest.param(
        TOUR,
        {"steps": {"approval": {"person": 1}}},
        "overrides of tour, step approval",
        "person is 1, not true or false",
        "Write person=True, or leave it out",
        id="no such person",
    ),
    pytest.param(
        TOUR,
        {"steps": {"approval": {"expires": "never"}}},
        "overrides of tour, step approval",
        "at the end of its time a wait is done or refused, not 'never'",
        'Write expires="done" or expires="refused"',
        id="no such end",
    ),
    pytest.param(
        TOUR,
        {"steps": {"approval": {"expires": "done"}}},
        "overrides of tour, step approval",
        "at the end of its time it is done, and its data do not fit Approval: approved: Field "
        "required",
        "Write data={...} with the fields of Approval: approved, days",
        id="done without data",
    ),
    pytest.param(
        TOUR,
        {"steps": {"approval": {"data": {"approved": True}}}},
        "overrides of tour, step approval",
        "it has data for the end of its time, at which it is refused",
        'Write "expires": "done", or leave the data out',
        id="data of a refusal",
    ),
    pytest.param(
        journey(wait("x", timeout=1)),
        {"steps": {"x": {"person": True}}},
        "overrides of journey, step x",
        "it waits for no signal and is refused when its time is over, so the saga always fails",
        'Name the signal that it waits for, or write expires="done"',
        id="a person who cannot answer",
    ),
    pytest.param(
        after_the_pivot(),
        {"steps": {"x": {"person": True}}},
        "overrides of journey, step x",
        "it may be refused, but comes after leave, from which there is no way back",
        'Let it accept every signal and write expires="done", or put it before that step',
        id="a person after the point of no return",
    ),
    pytest.param(
        journey(wait("x", timeout=1)),
        {"deadline": 1},
        "overrides of journey, step x",
        "it lasts 1000 ms, and the deadline of the whole is 1000 ms",
        "Write a shorter wait or a longer deadline",
        id="a deadline that a wait cannot meet",
    ),
]


@pytest.mark.parametrize(("written", "given", "place", "reason", "remedy"), CASES)
def test_refused(written: Saga, given: object, place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        overridden(written, given)
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)


def test_a_saga_that_is_not_there() -> None:
    with pytest.raises(DefinitionError) as caught:
        all_overridden([TOUR, DEPARTURE], {"departur": {}})
    error = caught.value
    assert error.place == "overrides"
    assert error.reason == "there is no saga 'departur'"
    assert error.remedy == "Write one of these: tour, departure (did you mean 'departure'?)"


def test_no_coefficient_is_above_what_a_number_can_be() -> None:
    with pytest.raises(DefinitionError, match="are not both numbers"):
        overridden(TOUR, {"steps": {"look": {"retry": {"coefficient": 10**400}}}})
