"""What the log must not say of waits, children and signals, whatever the engine's own state is."""

from typing import Any

import pytest

from orchestrator.definition.nodes import Definition
from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Failing,
    Faulted,
    Halted,
    Late,
    Refused,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Succeeded,
    Waited,
)
from orchestrator.engine.inputs import Reply, Signal, Wake
from orchestrator.verify.book import Book
from orchestrator.verify.laws import (
    AGAIN,
    BEGINS,
    CHANGES,
    CHILDREN,
    DEADLINE,
    ENDS,
    LATE,
    ONCE,
    PARENT,
    SIGNALS,
    WAITS,
    Broken,
)
from orchestrator.verify.subject import Subject
from orchestrator.verify.witness import read
from tests.unit.verify.lifecycles import BESIDE, CHANGE, CHILD, DECIDES, STOPPED, WAIT

NEW = {"new": 2}


def sent(name: str, number: int = 1, **changes: Any) -> Sent:
    fields: dict[str, Any] = {"direction": "do", "attempt": 1, "until": 0, "data": {"order": 1}}
    made = {**fields, **changes}
    where = (name, made["direction"], number, made["attempt"])
    return Sent(*where, 1, "Command", "t.commands", made["data"], made["until"])


def done(name: str) -> Succeeded:
    return Succeeded(name, "do", {})


def held(step: str, signal: str = "reorder") -> SignalHeld:
    return SignalHeld(signal, "s-1", "ann", "", step, 1, NEW)


def changed(identity: str = "s-1", new: int = 2) -> Signalled:
    return Signalled("reorder", identity, "ann", "", NEW, {"order": new})


def refused(signal: str = "reorder") -> SignalRefused:
    return SignalRefused(signal, "s-1", "ann", "", "why not")


def cancelled() -> Signalled:
    return Signalled("cancel", "s-1", "ann", "")


def told(name: str, **data: Any) -> Signal:
    return Signal("s-1", 1, name, "", "ann", data)


def answer(why: str = "") -> Reply:
    return Reply("r", 1, "c", "do", 1, 1, "answered", {"signal": "s-1", "why": why})


TURNED = Failing("b", "no", "no", 409)
NO = Refused("b", "do", "no", "no")
BEGUN = Started("test", "v", 1, "key", {}, deadline=9)
RUNS: tuple[Fact, ...] = (BEGUN, sent("a"), done("a"), sent("c", until=9))
"""A child runs that keeps the deadline."""
BOTH: tuple[Fact, ...] = (sent("c"), sent("b"))
IN_FLIGHT: tuple[Fact, ...] = (sent("a"), done("a"), sent("b"))


@pytest.mark.parametrize(
    ("made", "before", "facts", "given", "law", "said"),
    [
        (WAIT, (), (Waited("w", 1, True),), None, BEGINS, "w is begun, and a is not asked"),
        (WAIT, (sent("a"), done("a")), (Waited("w", 1),), None, WAITS, "waits for a person"),
        (WAIT, (sent("a"), done("a")), (sent("b"),), None, BEGINS, "b is begun, and w is"),
        (BESIDE, (sent("a"),), (Waited("a", 1),), None, WAITS, "a is waited for, and is sent"),
    ],
)
def test_what_is_waited_for(
    made: Definition,
    before: tuple[Fact, ...],
    facts: tuple[Fact, ...],
    given: Any,
    law: str,
    said: str,
) -> None:
    objects(made, before, facts, given, law, said)


WAITING: tuple[Fact, ...] = (sent("a"), done("a"), Waited("w", 1, True))
BESIDES: tuple[Fact, ...] = (sent("a"), done("a"), Waited("w", 1), sent("b"))


@pytest.mark.parametrize(
    ("made", "before", "facts", "given", "law", "said"),
    [
        (WAIT, WAITING, (done("w"),), told("w", yes=False), WAITS, "and was told otherwise"),
        (WAIT, WAITING, (done("w"),), Wake("w", 1), WAITS, "w is done, and was told otherwise"),
        (WAIT, WAITING, (done("w"),), answer(), WAITS, "w is decided by Reply"),
        (BESIDE, BESIDES, (NO, TURNED, done("w")), None, ONCE, "though it is dropped"),
        (WAIT, WAITING, (), told("w", yes=True), SIGNALS, "neither applied, held nor refused"),
        (WAIT, WAITING, (refused("w"),), told("w", yes=True), WAITS, "refused in time"),
    ],
)
def test_how_a_wait_is_decided(
    made: Definition,
    before: tuple[Fact, ...],
    facts: tuple[Fact, ...],
    given: Any,
    law: str,
    said: str,
) -> None:
    objects(made, before, facts, given, law, said)


@pytest.mark.parametrize(
    ("before", "facts", "given", "law", "said"),
    [
        ((sent("a"),), (changed(new=3),), told("reorder", **NEW), CHANGES, "and should change"),
        ((sent("a"),), (held("b"),), told("reorder", **NEW), CHANGES, "it applies now"),
        (IN_FLIGHT, (changed(),), told("reorder", **NEW), CHANGES, "though b is in flight"),
        (IN_FLIGHT, (held("a"),), told("reorder", **NEW), CHANGES, "held for a, not for b"),
        ((*IN_FLIGHT, held("b")), (changed(),), None, CHANGES, "is applied while b is sent"),
        ((*IN_FLIGHT, held("b")), (refused(),), None, CHANGES, "reorder is refused in time"),
        ((*IN_FLIGHT, held("b")), (held("b"),), None, ONCE, "reorder is held once more"),
        ((*IN_FLIGHT, held("b")), (done("b"),), None, CHANGES, "still held for b"),
        ((*IN_FLIGHT, held("b")), (done("b"), changed()), None, AGAIN, "is not done again"),
        ((*IN_FLIGHT, held("b")), (NO, TURNED), None, CHANGES, "still held, though the saga"),
        (IN_FLIGHT, (done("b"), sent("b", 2)), None, AGAIN, "done again, and nothing has changed"),
        (IN_FLIGHT, (sent("b", 2),), None, AGAIN, "b begins another round, and is sent"),
        (IN_FLIGHT, (sent("b", 3),), None, AGAIN, "b goes from round 1 to round 3"),
        ((sent("a"), changed()), (changed(),), None, ONCE, "was applied, and counts once more"),
        ((sent("a"), changed()), (done("a"), sent("b")), None, CHANGES, "Command.order is 1"),
    ],
)
def test_what_changes(
    before: tuple[Fact, ...], facts: tuple[Fact, ...], given: Any, law: str, said: str
) -> None:
    objects(CHANGE, before, facts, given, law, said)


def test_an_undo_reaches_every_round() -> None:
    again = sent("b", 2, data={"order": 2})
    before = (*IN_FLIGHT, held("b"), done("b"), changed(), again, NO, TURNED)
    undo = sent("b", 1, direction="undo", data={"order": 2})
    objects(CHANGE, before, (undo,), None, LATE, "undone up to round 1, and asked for 2")


@pytest.mark.parametrize(
    ("made", "before", "facts", "given", "law", "said"),
    [
        (DECIDES, RUNS[:3], (sent("c"),), None, DEADLINE, "is not handed down to c"),
        (DECIDES, RUNS[:1], (sent("a", until=9),), None, DEADLINE, "is handed down to a"),
        (DECIDES, RUNS, (Late("c"),), Wake("w", 1), DEADLINE, "could still be undone"),
        (
            DECIDES,
            RUNS,
            (Failing("", "deadline_exceeded", "", 504),),
            Wake("w", 1),
            DEADLINE,
            "and the child of c keeps it",
        ),
        (DECIDES, RUNS, (cancelled(),), told("cancel"), SIGNALS, "the child of c decides"),
        (DECIDES, (*RUNS, held("c", "cancel")), (cancelled(),), None, CHILDREN, "has not said so"),
        (
            DECIDES,
            (*RUNS, held("c", "cancel")),
            (cancelled(),),
            answer("too late"),
            CHILDREN,
            "has not said so",
        ),
        (
            DECIDES,
            (*RUNS, held("c", "cancel")),
            (sent("c", attempt=2, until=9),),
            None,
            CHILDREN,
            "not told again: cancel",
        ),
        (DECIDES, RUNS, (Halted("c", 1, ""),), None, CHILDREN, "though the saga goes forward"),
        (STOPPED, BOTH, (NO, TURNED), None, CHILDREN, "the child of c runs on"),
        (STOPPED, BOTH, (NO, TURNED, Halted("c", 2, "")), None, CHILDREN, "is told to stop, and"),
        (STOPPED, BOTH, (Faulted("c", "do", 1, "timeout", ""),), None, CHILDREN, "is given up"),
        (
            STOPPED,
            (*BOTH, NO, TURNED, Halted("c", 1, "")),
            (sent("c", attempt=2),),
            None,
            CHILDREN,
            "not told again to stop",
        ),
    ],
)
def test_children(
    made: Definition,
    before: tuple[Fact, ...],
    facts: tuple[Fact, ...],
    given: Any,
    law: str,
    said: str,
) -> None:
    objects(made, before, facts, given, law, said)


ALL_DONE: tuple[Fact, ...] = (
    *(sent("prepare"), done("prepare"), sent("dispatch"), done("dispatch")),
)


@pytest.mark.parametrize(
    ("before", "facts", "law", "said"),
    [
        ((), (BEGUN,), PARENT, "started by None"),
        (ALL_DONE, (Completed({"ticket": 1}),), PARENT, "it answers {'ticket': 1}"),
        (ALL_DONE, (Completed({"ticket": 1, "order": 2}),), PARENT, "order should be otherwise"),
        ((sent("prepare"),), (Failed("odd", "", 409),), PARENT, "which no parent would know"),
        ((sent("prepare"),), (Failed("no", "", 500),), PARENT, "which no parent would know"),
        ((sent("prepare"), cancelled()), (Failed("no", "", 409),), PARENT, "and was stopped"),
        (
            (
                *ALL_DONE[:-1],
                Refused("dispatch", "do", "no", ""),
                Failing("dispatch", "no", "", 409),
            ),
            (Completed({}),),
            ENDS,
            "completed, and dispatch is refused",
        ),
    ],
)
def test_what_a_parent_is_told(
    before: tuple[Fact, ...], facts: tuple[Fact, ...], law: str, said: str
) -> None:
    objects(CHILD, before, facts, None, law, said)


def objects(
    made: Definition,
    before: tuple[Fact, ...],
    facts: tuple[Fact, ...],
    given: Any,
    law: str,
    said: str,
) -> None:
    """The witness reads what was before, and objects to what comes then."""
    subject, book = Subject(made), Book({})
    read(subject, book, before)
    with pytest.raises(Broken) as caught:
        read(subject, book, facts, given)
    assert (caught.value.law, said in caught.value.why) == (law, True), caught.value
