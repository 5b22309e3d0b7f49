"""Mistakes at definition time: sagas within sagas, and what they return."""

from collections.abc import Callable

import pytest

from contracts.messages import Reply
from orchestrator.definition import DefinitionError, Undo, child, parallel, read, saga
from tests.unit.definition.journey import (
    APPROVAL,
    DEPARTURE,
    LEAVE,
    LOOK,
    PACK,
    TELL,
    Diverted,
    Journey,
    Left,
    Look,
    Unpack,
    Write,
    journey,
    trek,
)
from tests.unit.definition.language import NoJson, made


class Elsewhere(Journey):
    hotel: str


def elsewhere():
    return saga("elsewhere", input=Elsewhere).then(LOOK).ends()


def within_itself():
    inner = trek(child("out", trek(LOOK, name="journey")), name="inner")
    return journey(child("in", inner))


CASES = [
    pytest.param(
        lambda: journey(child("x", "shipping")),
        "saga journey, step x",
        "'shipping' is not a saga",
        "Name what saga(...).then(...).ends(...) gives",
        id="a text for a saga",
    ),
    pytest.param(
        lambda: journey(child("x", Look)),
        "saga journey, step x",
        "Look is not a saga",
        "Name what saga(...).then(...).ends(...) gives",
        id="a command for a saga",
    ),
    pytest.param(
        lambda: journey(child("x", trek(LOOK, name="journey"))),
        "saga journey, step x",
        "the saga would run within itself: journey > journey",
        "Give one of the two another name, or let the inner one do without the outer",
        id="itself",
    ),
    pytest.param(
        within_itself,
        "saga journey, step in",
        "the saga would run within itself: journey > inner > journey",
        "Give one of the two another name, or let the inner one do without the outer",
        id="itself in another",
    ),
    pytest.param(
        lambda: journey(child("x", trek(PACK))),
        "saga journey, step x",
        "the saga trek does what can be undone, and has no undo once it is done",
        "Add undo=..., the command that undoes the whole of it",
        id="no undo",
    ),
    pytest.param(
        lambda: journey(child("x", DEPARTURE, undo=Unpack)),
        "saga journey, step x",
        "the saga departure has a point of no return, so it is never undone, and has an undo",
        "Leave the undo out",
        id="undo of a pivot",
    ),
    pytest.param(
        lambda: journey(child("x", trek(LOOK), undo=Undo(Unpack))),
        "saga journey, step x",
        "the saga trek has no effect, so it is never undone, and has an undo",
        "Leave the undo out",
        id="undo of a read",
    ),
    pytest.param(
        lambda: journey(child("x", trek(PACK), undo=Journey)),
        "saga journey, step x, undo",
        "Journey is not a command",
        "Name a class that derives from contracts.messages.Command",
        id="undo is no command",
    ),
    pytest.param(
        lambda: journey(child("x", trek(PACK), undo=Write)),
        "saga journey, step x, undo, field by",
        "nothing fills it: neither the input nor an earlier reply has a field 'by'",
        'Map it, such as fields={"by": "input.traveller"}, or give it a default in Write, or let '
        "an earlier step reply with it",
        id="nothing fills the undo",
    ),
    pytest.param(
        lambda: journey(child("x", DEPARTURE), LEAVE),
        "saga journey, step leave",
        "a saga has one point of no return, and x is a pivot already",
        "Make it retriable if it comes after the pivot, or compensatable if it comes before",
        id="two pivots",
    ),
    pytest.param(
        lambda: journey(parallel(LOOK, child("x", DEPARTURE))),
        "saga journey, step x",
        "a pivot in a parallel decides alone, while its siblings may still fail",
        "Put the pivot after the parallel",
        id="a pivot in a parallel",
    ),
    pytest.param(
        lambda: journey(LEAVE, child("x", trek(LOOK))),
        "saga journey, step x",
        "a saga may always fail, but this one comes after leave, from which there is no way back",
        "Put it before that step, or command what it does in retriable steps",
        id="after the pivot",
    ),
    pytest.param(
        lambda: journey(TELL, child("x", DEPARTURE)),
        "saga journey, step tell",
        "it is retriable and never undone, but the pivot x may still fail after it",
        "Put it after the pivot, or make it compensatable",
        id="a pivot after a retriable step",
    ),
    pytest.param(
        lambda: journey(child("x", elsewhere())),
        "saga journey, step x, field hotel",
        "nothing fills it: neither the input nor an earlier reply has a field 'hotel'",
        'Map it, such as fields={"hotel": "input.traveller"}, or give it a default in Elsewhere, '
        "or let an earlier step reply with it",
        id="nothing fills its input",
    ),
    pytest.param(
        lambda: journey(child("x", elsewhere(), fields={"hotel": "input.days"})),
        "saga journey, step x, field hotel",
        "input.days is an integer, but Elsewhere.hotel is a text",
        "Map another source to it, or change the type in Elsewhere or Journey",
        id="its input is of another type",
    ),
    pytest.param(
        lambda: journey(child("x", elsewhere(), fields="input.city")),
        "saga journey, step x",
        "'input.city' is not a mapping of fields to sources",
        'Write fields={"amount": "product.amount"}',
        id="no mapping",
    ),
    pytest.param(
        lambda: journey(child("x", DEPARTURE, timeout=0)),
        "saga journey, step x",
        "the timeout is 0 ms, and nobody can answer in that time",
        "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
        id="no time",
    ),
    pytest.param(
        lambda: journey(child("input", DEPARTURE)),
        "saga journey, step input",
        "'input' is reserved: it names the data that a saga has anyway",
        "Give the step another name",
        id="reserved name",
    ),
    pytest.param(
        lambda: journey(child("x", trek(LOOK)), read("y", Look, fields={"city": "x.city"})),
        "saga journey, step y, field city",
        "it is mapped to 'x.city', and there is no such source",
        "Write one of input.traveller, input.city, input.days, saga.id, saga.key, saga.tenant "
        "(did you mean 'input.city'?)",
        id="filled from what it does not return",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey).then(LOOK).ends(returns=Journey),
        "saga journey",
        "it returns Journey, which is not a reply",
        "Name a class that derives from contracts.messages.Reply",
        id="returns no reply",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey).then(LOOK).ends(returns=Reply),
        "saga journey",
        "it returns Reply, which is not a reply",
        "Name a class that derives from contracts.messages.Reply",
        id="returns the base class",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey).then(LOOK).ends(returns=Left),
        "saga journey, returns Left, field bag",
        "nothing fills it: neither the input nor an earlier reply has a field 'bag'",
        'Map it, such as fields={"bag": "input.days"}, or give it a default in Left, or let an '
        "earlier step reply with it",
        id="nothing fills what it returns",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey)
        .then(LOOK)
        .ends(returns=made("X", Reply, ann=dict(NoJson.__annotations__))),
        "saga journey, returns X",
        "X is not JSON: Cannot generate a JsonSchema for core_schema.CallableSchema",
        "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        id="what it returns is not JSON",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey)
        .then(APPROVAL)
        .ends(returns=made("X", Reply, ann={"reason": int})),
        "saga journey, returns X, field reason",
        "approval.reason is a text, but X.reason is an integer",
        "Map another source to it, or change the type in X or Approval",
        id="what it returns is of another type",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey, progress="yes").then(LOOK).ends(),
        "saga journey",
        "progress is 'yes', not true or false",
        "Write progress=True, or leave it out",
        id="progress",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey).then(LOOK).ends(completed=Diverted),
        "saga journey, completed event Diverted, field new_city",
        "nothing fills it: neither the input nor an earlier reply has a field 'new_city'",
        'Map it, such as fields={"new_city": "input.city"}, or give it a default in Diverted, or '
        "let an earlier step reply with it",
        id="the end is not filled from a signal",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
