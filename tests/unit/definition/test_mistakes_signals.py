"""Mistakes at definition time: the signals that a saga takes."""

from collections.abc import Callable

import pytest

from contracts.messages import Signal
from orchestrator.definition import DefinitionError, wait
from tests.unit.definition.journey import (
    DIVERT,
    PACK,
    Divert,
    Journey,
    Knock,
    journey,
)
from tests.unit.definition.language import NoJson, made

CASES = [
    pytest.param(
        lambda: journey(wait("x", Journey, timeout=1)),
        "saga journey, step x",
        "Journey is not a signal",
        "Name a class that derives from contracts.messages.Signal",
        id="not a signal",
    ),
    pytest.param(
        lambda: journey(wait("x", "knock", timeout=1)),
        "saga journey, step x",
        "'knock' is not a signal",
        "Name a class that derives from contracts.messages.Signal",
        id="a text for a signal",
    ),
    pytest.param(
        lambda: journey(wait("x", Signal, timeout=1)),
        "saga journey, step x",
        "Signal is not a signal",
        "Name a class that derives from contracts.messages.Signal",
        id="the base class",
    ),
    pytest.param(
        lambda: journey(wait("x", made("X", Signal), timeout=1)),
        "saga journey, step x",
        "the signal X does not say what it is called",
        'Write `name = "..."` in X: lower case, digits and hyphens, such as "update-address"',
        id="no name",
    ),
    pytest.param(
        lambda: journey(wait("x", made("X", Signal, name="Knock!"), timeout=1)),
        "saga journey, step x",
        "the signal X does not say what it is called",
        'Write `name = "..."` in X: lower case, digits and hyphens, such as "update-address"',
        id="no such name",
    ),
    pytest.param(
        lambda: journey(wait("x", made("X", Signal, name="cancel"), timeout=1)),
        "saga journey, step x",
        "X is called 'cancel', and that signal every saga takes anyway",
        "Give X another name",
        id="cancel",
    ),
    pytest.param(
        lambda: journey(wait("x", made("X", Signal, name="x", ann={"by": str}), timeout=1)),
        "saga journey, step x",
        "the field 'by' of X is one that every signal has anyway",
        "Leave it out of X, or give it another name",
        id="a field that every signal has",
    ),
    pytest.param(
        lambda: journey(wait("x", made("X", Signal, name="x", ann={"at": int}), timeout=1)),
        "saga journey, step x",
        "the field 'at' of X is one that every signal has anyway",
        "Leave it out of X, or give it another name",
        id="a fact about every signal",
    ),
    pytest.param(
        lambda: journey(
            wait(
                "x",
                made("X", Signal, name="x", ann=dict(NoJson.__annotations__)),
                timeout=1,
            )
        ),
        "saga journey, step x",
        "X is not JSON: Cannot generate a JsonSchema for core_schema.CallableSchema",
        "Give its fields types that JSON has: numbers, texts, booleans, lists, objects, dates",
        id="signal is not JSON",
    ),
    pytest.param(
        lambda: journey(wait("x", Knock, timeout=1), wait("y", Knock, timeout=1)),
        "saga journey, step y",
        "the signal knock is taken by the wait x already, so which of the two is meant nobody "
        "could say",
        "Give one of them a signal of its own",
        id="two waits for one signal",
    ),
    pytest.param(
        lambda: journey(wait("x", Divert, timeout=1), PACK, takes=(DIVERT,)),
        "saga journey, change divert",
        "the signal divert is taken by the wait x already, so which of the two is meant nobody "
        "could say",
        "Give one of them a signal of its own",
        id="a wait and a change by one signal",
    ),
]


@pytest.mark.parametrize(("write", "place", "reason", "remedy"), CASES)
def test_refused(write: Callable[[], object], place: str, reason: str, remedy: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        write()
    error = caught.value
    assert (error.place, error.reason, error.remedy) == (place, reason, remedy)
    assert str(error) == f"{place}: {reason}. {remedy}."
