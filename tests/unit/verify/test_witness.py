"""What the log itself must not say, whatever the engine's own state is."""

from typing import Any

import pytest

from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Fact,
    Failed,
    Failing,
    Faulted,
    Refused,
    Sent,
    Succeeded,
)
from orchestrator.verify.book import Book
from orchestrator.verify.laws import ENDS, ONCE, OWED, SENT, SETTLES, TABLE, Broken
from orchestrator.verify.subject import Subject
from orchestrator.verify.witness import read
from tests.world import definition, parallel, step

SUBJECT = Subject(definition(step("a"), parallel(step("b"), step("c"))))


def sent(name: str, direction: Any = "do", number: int = 1) -> Sent:
    return Sent(name, direction, number, 1, 1, "Command", "t.commands", {})


def done(name: str, direction: Any = "do") -> Succeeded:
    return Succeeded(name, direction, {})


def given_up(name: str) -> Faulted:
    return Faulted(name, "do", 1, "timeout", "no reply")


REFUSED = Refused("a", "do", "no", "no")
TURNED = Failing("a", "no", "no", 409)
BOTH = (sent("a"), done("a"), sent("b"), sent("c"))


@pytest.mark.parametrize(
    ("facts", "law", "said"),
    [
        ((sent("a", "undo"),), SENT, "a is undone, and was never sent"),
        ((sent("a"), REFUSED, sent("a", "undo")), SENT, "a is undone, and was definitely refused"),
        ((sent("a"), done("a"), sent("a", "undo")), SETTLES, "though the saga goes forward"),
        (
            (*BOTH, given_up("b"), Failing("b", "", "", 504), sent("a", "undo")),
            SETTLES,
            "a is undone while c is still in flight",
        ),
        ((sent("a"), REFUSED, TURNED, sent("b")), SETTLES, "b is begun though"),
        ((sent("a"), REFUSED, TURNED, TURNED), ONCE, "turns back a second time"),
        ((sent("a"), done("a"), TURNED), TABLE, "turns back for a, which is success"),
        ((sent("a"), done("a"), sent("a")), ONCE, "asked again though round 1 has been answered"),
        ((sent("a"), done("a"), REFUSED), ONCE, "a refusal of a counts, though it is success"),
        ((sent("a"), Refused("a", "do", "no", "no", 500)), TABLE, "the log says 500"),
        ((sent("a"), done("a", "undo")), ONCE, "the undo of a counts, though it is not sent"),
        ((sent("a"), Compensating(())), SETTLES, "undo begins while a is still in flight"),
        (
            (sent("a"), REFUSED, TURNED, Compensating(("a",))),
            OWED,
            "shown as owed: a; owed by the log: nothing",
        ),
        (
            (sent("a"), REFUSED, TURNED, Failed("no", "no", 409, ("a",))),
            OWED,
            "shown as undone: a; by the log: nothing",
        ),
        ((sent("a"), Completed()), ENDS, "completed, and a is sent"),
        (
            (sent("a"), REFUSED, TURNED, Failed("no", "no", 409), sent("b")),
            ONCE,
            "Sent though the saga has failed",
        ),
    ],
)
def test_it_objects(facts: tuple[Fact, ...], law: str, said: str) -> None:
    with pytest.raises(Broken) as caught:
        read(SUBJECT, Book({}), facts)
    assert caught.value.law == law
    assert said in caught.value.why
