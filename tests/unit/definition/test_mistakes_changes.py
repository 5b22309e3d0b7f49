"""Mistakes at definition time: signals that change the input of a running saga."""

from collections.abc import Callable

import pytest

from contracts.messages import Signal
from orchestrator.definition import DefinitionError, change, child, event, read, saga
from tests.unit.definition.journey import (
    APPROVAL,
    DEPARTURE,
    DIVERT,
    LEAVE,
    LOOK,
    PACK,
    TELL,
    Divert,
    Diverted,
    Journey,
    JourneyEvent,
    Knock,
    Leave,
    journey,
    trek,
)
from tests.unit.definition.language import made


def by(signal=Divert, fields=None, redo="pack", **more):
    """A journey that this signal changes."""
    fields = {"city": "new_city"} if fields is None else fields
    return journey(LOOK, PACK, takes=(change(signal, fields=fields, redo=redo, **more),))


NUMBER = made("Number", Signal, name="number", ann={"days": str, "city": int})

CASES = [
    pytest.param(
        lambda: journey(PACK, takes=(Divert,)),
        "saga journey, takes",
        "Divert is not a change",
        'Write .takes(change(UpdateAddress, fields={"address": "new_address"}, redo="..."))',
        id="not a change",
    ),
    pytest.param(
        lambda: by(Journey),
        "saga journey, takes",
        "Journey is not a signal",
        "Name a class that derives from contracts.messages.Signal",
        id="not a signal",
    ),
    pytest.param(
        lambda: by(made("X", Signal, name="cancel", ann={"new_city": str})),
        "saga journey, takes",
        "X is called 'cancel', and that signal every saga takes anyway",
        "Give X another name",
        id="cancel",
    ),
    pytest.param(
        lambda: journey(PACK, takes=(DIVERT, DIVERT)),
        "saga journey, change divert",
        "the signal divert is taken by a change already, so which of the two is meant nobody "
        "could say",
        "Give one of them a signal of its own",
        id="two changes by one signal",
    ),
    pytest.param(
        lambda: by(fields={"town": "new_city"}),
        "saga journey, change divert, field town",
        "Journey has no field 'town'",
        "Write one of its fields: traveller, city, days",
        id="a field that the input lacks",
    ),
    pytest.param(
        lambda: by(fields={"city": "new_cty"}),
        "saga journey, change divert, field city",
        "Divert has no field 'new_cty'",
        "Write one of its fields: new_city (did you mean 'new_city'?)",
        id="a field that the signal lacks",
    ),
    pytest.param(
        lambda: by(fields={"city": None}),
        "saga journey, change divert, field city",
        "Divert has no field None",
        "Write one of its fields: new_city",
        id="a field that is none",
    ),
    pytest.param(
        lambda: by(fields={"days": "new_city"}),
        "saga journey, change divert, field days",
        "Divert.new_city is a text, but Journey.days is an integer",
        "Fill it from another field of Divert, or change the type of one of the two",
        id="a field of another type",
    ),
    pytest.param(
        lambda: journey(PACK, takes=(change(NUMBER, redo="pack"),)),
        "saga journey, change number, field city",
        "Number.city is an integer, but Journey.city is a text",
        "Fill it from another field of Number, or change the type of one of the two",
        id="a field of the same name and another type",
    ),
    pytest.param(
        lambda: by(fields="new_city"),
        "saga journey, change divert",
        "'new_city' is not a mapping of fields of the input to fields of the signal",
        'Write fields={"address": "new_address"}',
        id="no mapping",
    ),
    pytest.param(
        lambda: by(fields={}),
        "saga journey, change divert",
        "it changes nothing: no field of Journey is filled from Divert",
        'Write fields={"address": "new_address"}: a field of the input, one of the signal',
        id="nothing changes",
    ),
    pytest.param(
        lambda: journey(PACK, takes=(change(Knock, redo="pack"),)),
        "saga journey, change knock",
        "it changes nothing: no field of Journey is filled from Knock",
        'Write fields={"address": "new_address"}: a field of the input, one of the signal',
        id="a signal without fields",
    ),
    pytest.param(
        lambda: by(redo="unpack"),
        "saga journey, change divert",
        "no step is called 'unpack'",
        "Name one of its steps as redo=...: look, pack",
        id="an unknown step",
    ),
    pytest.param(
        lambda: by(redo=["pack"]),
        "saga journey, change divert",
        "no step is called ['pack']",
        "Name one of its steps as redo=...: look, pack",
        id="a list of steps",
    ),
    pytest.param(
        lambda: journey(
            APPROVAL, PACK, takes=(change(Divert, fields={"city": "new_city"}, redo="approval"),)
        ),
        "saga journey, change divert",
        "approval is a wait, and there is nothing in it to do again",
        "Name the first step that is filled from what changes",
        id="a wait",
    ),
    pytest.param(
        lambda: journey(
            LEAVE, takes=(change(Divert, fields={"traveller": "new_city"}, redo="leave"),)
        ),
        "saga journey, change divert",
        "leave is a pivot step: it is never undone, so doing it again would leave both",
        "Name a step before it, which is read or compensatable, or a child",
        id="the pivot again",
    ),
    pytest.param(
        lambda: journey(TELL, takes=(change(Divert, fields={"city": "new_city"}, redo="tell"),)),
        "saga journey, change divert",
        "tell is a retriable step: it is never undone, so doing it again would leave both",
        "Name a step before it, which is read or compensatable, or a child",
        id="a retriable step again",
    ),
    pytest.param(
        lambda: journey(
            read("book", Leave),
            takes=(change(Divert, fields={"city": "new_city"}, redo="book"),),
        ),
        "saga journey, change divert",
        "book is done again, and nothing of Leave is filled from input.city",
        "Name the first step that is filled from it as redo=..., or fill that step from it",
        id="nothing is done otherwise",
    ),
    pytest.param(
        lambda: journey(
            child("x", trek(LOOK)), takes=(change(Divert, fields={"city": "new_city"}, redo="x"),)
        ),
        "saga journey, change divert",
        "while x runs it is handed on to the saga trek, which does not take it",
        "Add .takes(change(Divert, redo=...)) to trek, or name a step before it",
        id="a child that does not take it",
    ),
    pytest.param(
        lambda: journey(
            child("x", trek(LOOK, APPROVAL)),
            takes=(
                change(
                    made("X", Signal, name="approval", ann={"city": str}),
                    redo="x",
                ),
            ),
        ),
        "saga journey, change approval",
        "while x runs it is handed on to the saga trek, which does not take it",
        "Add .takes(change(X, redo=...)) to trek, or name a step before it",
        id="a child that waits for it",
    ),
    pytest.param(
        lambda: journey(
            child("departure", DEPARTURE),
            takes=(
                change(
                    made("X", Signal, name="divert", ann={"city": str}),
                    redo="departure",
                ),
            ),
        ),
        "saga journey, change divert",
        "it is handed on to the saga departure, which wants Divert.new_city to be a text",
        "Name the same signal in both, or give X that field",
        id="a child that takes another signal of that name",
    ),
    pytest.param(
        lambda: by(tells=Journey),
        "saga journey, change divert",
        "Journey is not an event",
        "Name a class that derives from contracts.messages.Event",
        id="tells no event",
    ),
    pytest.param(
        lambda: by(tells=(Diverted, Diverted)),
        "saga journey, change divert event Diverted",
        "a saga tells an event once, and this one twice",
        "Leave one of the two out, or give it a contract of its own",
        id="tells twice",
    ),
    pytest.param(
        lambda: by(tells=made("E", JourneyEvent, ann={"bag": int})),
        "saga journey, change divert event E, field bag",
        "pack.bag is not there when it is needed: the signal may come before that step has been "
        "answered",
        "Fill it from what is known by then, such as input.city",
        id="tells what a step may have said",
    ),
    pytest.param(
        lambda: by(tells=made("E", JourneyEvent, ann={"code": str})),
        "saga journey, change divert event E, field code",
        "saga.code is not there when it is needed: only a saga that has failed knows it",
        "Fill it from what is known by then, such as input.city",
        id="tells why it failed",
    ),
    pytest.param(
        lambda: by(tells=made("E", JourneyEvent, ann={"id": str})),
        "saga journey, change divert event E, field id",
        "nothing fills it: neither the input nor an earlier reply has a field 'id'",
        'Map it, such as fields={"id": "signal.id"}, or give it a default in E, or let an earlier '
        "step reply with it",
        id="the id of a signal is not found by name",
    ),
    pytest.param(
        lambda: by(tells=event(JourneyEvent, fields={"traveller": "signal.when"})),
        "saga journey, change divert event JourneyEvent, field traveller",
        "it is mapped to 'signal.when', and there is no such source",
        "Write one of input.traveller",
        id="a fact that no signal has",
    ),
    pytest.param(
        lambda: saga("journey", input=Journey, started=Diverted).takes(DIVERT).then(PACK).ends(),
        "saga journey, started event Diverted, field new_city",
        "nothing fills it",
        "",
        id="the start is not filled from a signal",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert error.place == place
    assert error.reason.startswith(reason)
    assert error.remedy.startswith(remedy)
    assert str(error) == f"{error.place}: {error.reason}. {error.remedy}."
