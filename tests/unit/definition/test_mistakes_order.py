"""Mistakes at definition time: the order of a saga: names, kinds, undo, branches."""

from collections.abc import Callable

import pytest

from orchestrator.definition import (
    DefinitionError,
    compensatable,
    parallel,
    pivot,
    read,
    retriable,
    saga,
    sequence,
)
from tests.unit.definition.language import (
    CITY,
    HOTEL,
    BookFlight,
    BookHotel,
    CheckCity,
    ReleaseHotel,
    Trip,
    trip,
)

CASES = [
    pytest.param(
        trip,
        "saga trip",
        "it has no steps",
        "Add one with .then(read(...)) or .then(compensatable(...))",
        id="no steps",
    ),
    pytest.param(
        lambda: saga("Trip!", input=Trip).then(HOTEL).ends(),
        "saga 'Trip!'",
        "that is no name for a saga",
        'Write lower case letters, digits and hyphens, such as "order-fulfillment"',
        id="saga name",
    ),
    pytest.param(
        lambda: saga(3, input=Trip).then(HOTEL).ends(),
        "saga 3",
        "that is no name for a saga",
        'Write lower case letters, digits and hyphens, such as "order-fulfillment"',
        id="saga name of another type",
    ),
    pytest.param(
        lambda: trip(compensatable("Hotel", BookHotel, undo=ReleaseHotel)),
        "saga trip, step 'Hotel'",
        "that is no name for a step",
        'Write lower case letters, digits, hyphens and underscores, such as "payment"',
        id="step name",
    ),
    pytest.param(
        lambda: trip(compensatable(None, BookHotel, undo=ReleaseHotel)),
        "saga trip, step None",
        "that is no name for a step",
        'Write lower case letters, digits, hyphens and underscores, such as "payment"',
        id="step name of another type",
    ),
    pytest.param(
        lambda: trip(compensatable("saga", BookHotel, undo=ReleaseHotel)),
        "saga trip, step saga",
        "'saga' is reserved: it names the data that a saga has anyway",
        "Give the step another name",
        id="reserved name",
    ),
    pytest.param(
        lambda: trip(HOTEL, HOTEL),
        "saga trip, step hotel",
        "two steps have this name",
        "Give one of them another name: the log and the idempotency keys know a step by it",
        id="a name twice",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, HOTEL)),
        "saga trip, step hotel",
        "two steps have this name",
        "Give one of them another name: the log and the idempotency keys know a step by it",
        id="a name twice in a parallel",
    ),
    pytest.param(
        lambda: trip(BookHotel),
        "saga trip",
        "BookHotel is not a step",
        "Write read(...), compensatable(...), pivot(...), retriable(...), parallel(...), "
        "wait(...), child(...)",
        id="not a step",
    ),
    pytest.param(
        lambda: trip(parallel()),
        "saga trip, parallel()",
        "it has no branch, so nothing runs at the same time",
        "Give it two branches or more, or write its steps without parallel(...)",
        id="parallel without branches",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL)),
        "saga trip, parallel(hotel)",
        "it has one branch, so nothing runs at the same time",
        "Give it two branches or more, or write its steps without parallel(...)",
        id="parallel of one branch",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, sequence())),
        "saga trip, parallel(hotel)",
        "one of its branches is empty",
        "Leave the branch out, or add a step to it",
        id="empty branch",
    ),
    pytest.param(
        lambda: trip(compensatable("hotel", BookHotel)),
        "saga trip, step hotel",
        "a compensatable step needs an undo, and has none",
        "Add undo=..., or write read(...) if it has no effect, pivot(...) if none is possible",
        id="no undo",
    ),
    pytest.param(
        lambda: read("city", CheckCity, undo=ReleaseHotel),
        "step city",
        "a read has no effect, so there is nothing to undo",
        "Leave the undo out, or write compensatable(...) if the command does change something",
        id="undo on a read",
    ),
    pytest.param(
        lambda: pivot("city", CheckCity, undo=ReleaseHotel),
        "step city",
        "the pivot is the point of no return, so it cannot be undone",
        "Leave the undo out, or write compensatable(...) if the step can be undone",
        id="undo on the pivot",
    ),
    pytest.param(
        lambda: retriable("city", CheckCity, undo=ReleaseHotel),
        "step city",
        "a retriable step is never undone: once it may run, the saga can only be completed",
        "Leave the undo out, or write compensatable(...) and put the step before the pivot",
        id="undo after the pivot",
    ),
    pytest.param(
        lambda: compensatable("hotel", BookHotel, undo=ReleaseHotel, retries=3),
        "step hotel",
        "a compensatable step has no option 'retries'",
        "Its options are undo, fields, timeout and retry",
        id="unknown option",
    ),
    pytest.param(
        lambda: read("city", CheckCity, retries=3),
        "step city",
        "a read step has no option 'retries'",
        "Its options are fields, timeout and retry",
        id="unknown option of a read",
    ),
    pytest.param(
        lambda: trip(pivot("hotel", BookHotel), pivot("flight", BookFlight)),
        "saga trip, step flight",
        "a saga has one point of no return, and hotel is a pivot already",
        "Make it retriable if it comes after the pivot, or compensatable if it comes before",
        id="two pivots",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, pivot("flight", BookFlight))),
        "saga trip, step flight",
        "a pivot in a parallel decides alone, while its siblings may still fail",
        "Put the pivot after the parallel",
        id="pivot in a parallel",
    ),
    pytest.param(
        lambda: trip(pivot("flight", BookFlight), HOTEL),
        "saga trip, step hotel",
        "it may fail, but comes after flight, from which there is no way back",
        "Make it retriable, or put it before that step",
        id="compensatable after the pivot",
    ),
    pytest.param(
        lambda: trip(retriable("flight", BookFlight), HOTEL),
        "saga trip, step hotel",
        "it may fail, but comes after flight, from which there is no way back",
        "Make it retriable, or put it before that step",
        id="compensatable after a retriable",
    ),
    pytest.param(
        lambda: trip(retriable("hotel", BookHotel), pivot("flight", BookFlight)),
        "saga trip, step hotel",
        "it is retriable and never undone, but the pivot flight may still fail after it",
        "Put it after the pivot, or make it compensatable",
        id="retriable before the pivot",
    ),
    pytest.param(
        lambda: trip(parallel(HOTEL, retriable("flight", BookFlight))),
        "saga trip, step flight",
        "it is retriable and never undone, but hotel may fail in the same parallel",
        "Put it after the parallel, or make it compensatable",
        id="retriable beside a compensatable",
    ),
    pytest.param(
        lambda: trip(parallel(CITY, retriable("flight", BookFlight))),
        "saga trip, step flight",
        "it is retriable and never undone, but city may fail in the same parallel",
        "Put it after the parallel, or make it compensatable",
        id="retriable beside a read",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
