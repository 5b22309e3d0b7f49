"""Mistakes at definition time: timeouts and retries."""

from collections.abc import Callable

import pytest

from orchestrator.definition import DefinitionError, RetryPolicy, Undo, compensatable, read, saga
from tests.unit.definition.language import BookHotel, CheckCity, ReleaseHotel, Trip, trip

HOTEL = compensatable("hotel", BookHotel, undo=ReleaseHotel)

CASES = [
    *(
        pytest.param(
            lambda deadline=deadline: saga("trip", input=Trip, deadline=deadline)
            .then(HOTEL)
            .ends(),
            "saga trip",
            f"the deadline is {deadline * 1000} ms, and nothing can be done in that time",
            "Write a deadline such as deadline=15 (seconds), or leave it out",
            id=f"a deadline of {deadline}",
        )
        for deadline in (0, -1)
    ),
    pytest.param(
        lambda: saga("trip", input=Trip, deadline="soon").then(HOTEL).ends(),  # type: ignore
        "saga trip",
        "the deadline 'soon' is not a duration of at most a year",
        "Write deadline=2.5 (seconds) or deadline=timedelta(minutes=1)",
        id="a text for a deadline",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel, undo=ReleaseHotel, timeout=0)),
        "saga trip, step hotel",
        "the timeout is 0 ms, and nobody can answer in that time",
        "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
        id="no time",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel, undo=ReleaseHotel, timeout=-1)),
        "saga trip, step hotel",
        "the timeout is -1000 ms, and nobody can answer in that time",
        "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
        id="negative time",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel, undo=Undo(ReleaseHotel, timeout=0))),
        "saga trip, step hotel, undo",
        "the timeout is 0 ms, and nobody can answer in that time",
        "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
        id="no time for the undo",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, timeout="10s")),
        "saga trip, step city",
        "the timeout '10s' is not a duration of at most a year",
        "Write timeout=2.5 (seconds) or timeout=timedelta(minutes=1)",
        id="a text for a duration",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, timeout=float("inf"))),
        "saga trip, step city",
        "the timeout inf is not a duration of at most a year",
        "Write timeout=2.5 (seconds) or timeout=timedelta(minutes=1)",
        id="endless",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, retry=RetryPolicy(attempts=-1))),
        "saga trip, step city, retry",
        "-1 attempts cannot be made",
        "Write the attempts in all, the first one included, or FOREVER",
        id="negative attempts",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, retry=RetryPolicy(coefficient=0.5))),
        "saga trip, step city, retry",
        "with a coefficient of 0.5 the pauses do not grow",
        "Write 1 for equal pauses, 2 to double them each time",
        id="shrinking pauses",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, retry=RetryPolicy(initial=5, maximum=1))),
        "saga trip, step city, retry",
        "the initial pause, 5000 ms, is above the maximum, 1000 ms",
        "Write a maximum that is at least the initial pause",
        id="initial above maximum",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, retry=RetryPolicy(initial=0))),
        "saga trip, step city, retry",
        "the initial pause is 0 ms, which hammers a service that is down",
        "Write an initial pause of at least a millisecond, such as initial=1 (seconds)",
        id="no pause",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, retry=RetryPolicy(attempts=1.5))),
        "saga trip, step city, retry",
        "attempts 1.5 and coefficient 2.0 are not both numbers",
        "Write RetryPolicy(attempts=5, coefficient=2)",
        id="half an attempt",
    ),
    pytest.param(
        lambda: trip(read("city", CheckCity, retry=3)),
        "saga trip, step city, retry",
        "3 is not a retry policy",
        "Write RetryPolicy(attempts=5, initial=0.5)",
        id="a number for a policy",
    ),
    pytest.param(
        lambda: trip(
            compensatable(
                "hotel", BookHotel, undo=Undo(ReleaseHotel, retry=RetryPolicy(attempts=-1))
            )
        ),
        "saga trip, step hotel, undo, retry",
        "-1 attempts cannot be made",
        "Write the attempts in all, the first one included, or FOREVER",
        id="undo retry",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
