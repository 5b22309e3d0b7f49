"""Mistakes at definition time: waits."""

from collections.abc import Callable

import pytest

from orchestrator.definition import DefinitionError, parallel, read, retriable, wait
from tests.unit.definition.journey import (
    APPROVAL,
    LEAVE,
    PACK,
    Approval,
    Divert,
    Knock,
    Leave,
    Look,
    Write,
    journey,
)

NO_FIELDS = "Write data={...} with the fields of Approval: approved, days"

LOOKS = read("look", Look)

CASES = [
    pytest.param(
        lambda: journey(wait("signal", Knock, timeout=1)),
        "saga journey, step signal",
        "'signal' is reserved: it names the data that a saga has anyway",
        "Give the step another name",
        id="reserved name",
    ),
    pytest.param(
        lambda: journey(PACK, wait("pack", Knock, timeout=1)),
        "saga journey, step pack",
        "two steps have this name",
        "Give one of them another name: the log and the idempotency keys know a step by it",
        id="name twice",
    ),
    pytest.param(
        lambda: journey(wait("x", Knock, timeout=0)),
        "saga journey, step x",
        "the timeout is 0 ms, and nothing can come in that time",
        "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
        id="no time",
    ),
    pytest.param(
        lambda: journey(wait("x", Knock, timeout=None)),
        "saga journey, step x",
        "the timeout None is not a duration of at most a year",
        "Write timeout=2.5 (seconds) or timeout=timedelta(minutes=1)",
        id="no duration",
    ),
    pytest.param(
        lambda: journey(wait("x", Knock, timeout=1, expires="failed")),
        "saga journey, step x",
        "at the end of its time a wait is done or refused, not 'failed'",
        'Write expires="done" or expires="refused"',
        id="no such end",
    ),
    pytest.param(
        lambda: journey(wait("x", Knock, timeout=1, person="yes")),
        "saga journey, step x",
        "person is 'yes', not true or false",
        "Write person=True, or leave it out",
        id="no such person",
    ),
    pytest.param(
        lambda: journey(wait("x", timeout=1, expires="refused")),
        "saga journey, step x",
        "it waits for no signal and is refused when its time is over, so the saga always fails",
        'Name the signal that it waits for, or write expires="done"',
        id="nothing but a refusal",
    ),
    pytest.param(
        lambda: journey(wait("x", timeout=1, person=True)),
        "saga journey, step x",
        "a person is waited for, and there is no signal by which they could answer",
        "Name the signal that it waits for, or leave person=True out",
        id="a person who cannot answer",
    ),
    pytest.param(
        lambda: journey(wait("x", timeout=15), deadline=15),
        "saga journey, step x",
        "it lasts 15000 ms, and the deadline of the whole is 15000 ms",
        "Write a shorter wait or a longer deadline",
        id="longer than the whole",
    ),
    pytest.param(
        lambda: journey(wait("x", timeout=1, accepts="approved")),
        "saga journey, step x",
        "it accepts by the field 'approved', and waits for no signal that could have it",
        "Name the signal that it waits for, or leave accepts out",
        id="accepts nothing",
    ),
    pytest.param(
        lambda: journey(wait("x", Approval, timeout=1, accepts="aproved")),
        "saga journey, step x",
        "it accepts by the field 'aproved', which Approval does not have",
        "Write a field that is true or false: approved (did you mean 'approved'?)",
        id="accepts by an unknown field",
    ),
    pytest.param(
        lambda: journey(wait("x", Approval, timeout=1, accepts="days")),
        "saga journey, step x",
        "it accepts by the field 'days', which is an integer",
        "Write a field that is true or false: approved",
        id="accepts by a number",
    ),
    pytest.param(
        lambda: journey(wait("x", Divert, timeout=1, accepts="new_city")),
        "saga journey, step x",
        "it accepts by the field 'new_city', which is a text",
        "Write a field that is true or false: it has none",
        id="no field says yes",
    ),
    pytest.param(
        lambda: journey(wait("x", timeout=1, data={"approved": True})),
        "saga journey, step x",
        "it has data for the end of its time, and waits for no signal that could carry them",
        "Name the signal that it waits for, or leave the data out",
        id="data of no signal",
    ),
    pytest.param(
        lambda: journey(wait("x", Approval, timeout=1, data={"approved": True})),
        "saga journey, step x",
        "it has data for the end of its time, at which it is refused",
        'Write expires="done", or leave the data out',
        id="data of a refusal",
    ),
    pytest.param(
        lambda: journey(wait("x", Approval, timeout=1, expires="done")),
        "saga journey, step x",
        "at the end of its time it is done, and its data do not fit Approval: approved: Field "
        "required",
        NO_FIELDS,
        id="no data",
    ),
    pytest.param(
        lambda: journey(
            wait("x", Approval, timeout=1, expires="done", data={"approved": 1, "days": "x"})
        ),
        "saga journey, step x",
        "at the end of its time it is done, and its data do not fit Approval: days: Input should "
        "be a valid integer, unable to parse string as an integer",
        NO_FIELDS,
        id="data of another type",
    ),
    pytest.param(
        lambda: journey(wait("x", Approval, timeout=1, expires="done", data=[True])),
        "saga journey, step x",
        "the data [True] are not fields and their values",
        NO_FIELDS,
        id="data are no fields",
    ),
    pytest.param(
        lambda: journey(wait("x", Approval, timeout=1, expires="done", data={"approved": object})),
        "saga journey, step x",
        "at the end of its time it is done, and its data do not fit Approval: data: it cannot be "
        "written as JSON (Encoding objects of type type is unsupported)",
        NO_FIELDS,
        id="data are not JSON",
    ),
    pytest.param(
        lambda: journey(
            wait(
                "x",
                Approval,
                timeout=1,
                expires="done",
                accepts="approved",
                data={"approved": False},
            )
        ),
        "saga journey, step x",
        "at the end of its time it is done, but its data say approved: False",
        "Write 'approved': True in its data, or expires=\"refused\"",
        id="done and refused",
    ),
    pytest.param(
        lambda: journey(LEAVE, APPROVAL),
        "saga journey, step approval",
        "it may be refused, but comes after leave, from which there is no way back",
        'Let it accept every signal and write expires="done", or put it before that step',
        id="refused after the pivot",
    ),
    pytest.param(
        lambda: journey(retriable("a", Leave), parallel(wait("x", Knock, timeout=1), LOOKS)),
        "saga journey, step x",
        "it may be refused, but comes after a, from which there is no way back",
        'Let it accept every signal and write expires="done", or put it before that step',
        id="refused in a parallel after the first retriable step",
    ),
    pytest.param(
        lambda: journey(parallel(APPROVAL, retriable("a", Leave))),
        "saga journey, step a",
        "it is retriable and never undone, but approval may fail in the same parallel",
        "Put it after the parallel, or make it compensatable",
        id="refused beside a retriable step",
    ),
    pytest.param(
        lambda: journey(read("write", Write), APPROVAL),
        "saga journey, step write, field by",
        "approval.by is not there when it is needed: that step comes later",
        "Fill it from what is known by then, such as input.city, input.days, input.traveller",
        id="filled from a later wait",
    ),
    pytest.param(
        lambda: journey(read("write", Write, fields={"by": "signal.by"})),
        "saga journey, step write, field by",
        "it is mapped to 'signal.by', and there is no such source",
        "Write one of input.traveller, input.city, input.days, saga.id, saga.key, saga.tenant",
        id="filled from a signal",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
