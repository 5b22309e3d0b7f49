"""Reads the facts of each transition into the book, and objects where one must not stand there.

Here are the facts about the saga as a whole; those about one step are in witness_steps.py, those
about signals in witness_signals.py.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from orchestrator.definition.nodes import NO_ANSWER
from orchestrator.engine.deadline import EXCEEDED, EXCEEDED_STATUS
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Emitted,
    Fact,
    Failed,
    Failing,
    Faulted,
    Halted,
    Late,
    Parked,
    Refused,
    Repaired,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Stuck,
    Succeeded,
    Waited,
)
from orchestrator.engine.inputs import Input
from orchestrator.engine.signals import CANCELLED, CANCELLED_STATUS
from orchestrator.verify import witness_signals as signals
from orchestrator.verify import witness_steps as steps
from orchestrator.verify.book import Book
from orchestrator.verify.laws import (
    DEADLINE,
    ENDS,
    ONCE,
    OWED,
    PARENT,
    SETTLES,
    TABLE,
    TOLD,
    broken,
)
from orchestrator.verify.page import Page
from orchestrator.verify.subject import Subject

STOPPED: Final = {CANCELLED: CANCELLED_STATUS, EXCEEDED: EXCEEDED_STATUS}
"""Why a saga is undone where no step is the cause, and the status with which it fails then."""


def read(subject: Subject, book: Book, facts: Collection[Fact], given: Input | None = None) -> None:
    """Take the facts of one transition, and the input that led to it, into the book; raises
    Broken.
    """
    page = Page(subject, book, given)
    for fact in facts:
        if isinstance(fact, Emitted):
            _told(book, fact)
            continue
        reader = _READERS.get(type(fact))
        if reader is not None:
            if book.ended and not isinstance(fact, SignalRefused):
                broken(ONCE, f"{type(fact).__name__} though the saga has {book.ended}")
            reader(page, fact)
    if not subject.ordinary:
        signals.settled(page)
        for fact in facts:
            if isinstance(fact, Sent) and fact.attempt > 1 and is_child(subject, fact):
                signals.told_again(page, fact.step, facts)


def is_child(subject: Subject, fact: Sent) -> bool:
    """Whether this asks for a child."""
    return fact.direction == "do" and fact.step in subject.children


def _told(book: Book, fact: Emitted) -> None:
    if fact.id in book.told:
        broken(TOLD, f"{fact.event} is told once more")
    book.told = (*book.told, fact.id)
    book.events = (*book.events, fact.event)


def _started(page: Page, fact: Started) -> None:
    page.book.timed = bool(fact.deadline)
    if (fact.parent is None) != (not page.subject.parent):
        broken(PARENT, f"started by {fact.parent}")


def _failing(page: Page, fact: Failing) -> None:
    book = page.book
    if book.turned:
        broken(ONCE, f"the saga turns back a second time, for {fact.step or fact.code}")
    if fact.step:
        _for_a_step(page, fact)
    elif fact.code == EXCEEDED:
        _in_time(page)
        book.cause = EXCEEDED
    elif fact.code != book.cause:
        broken(TABLE, f"the saga turns back, {fact.code} ({fact.status}), and nobody told it to")
    if book.cause and fact.status != STOPPED[book.cause]:
        broken(TABLE, f"the saga turns back with {fact.status}: {book.cause}")
    book.turned, book.timed = True, False
    # What pauses is not asked again in a saga that turns: it counts as perhaps done (law 6). But a
    # child settles by its own end.
    for name, entry in book.entries.items():
        if entry.came == "pausing" and name not in page.subject.children:
            book.entries[name] = entry._replace(came="unknown")
        elif entry.came == "waiting":
            book.entries[name] = entry._replace(came="dropped")


def _for_a_step(page: Page, fact: Failing) -> None:
    came = page.book.of(fact.step).came
    if came not in ("refused", "unknown"):
        broken(TABLE, f"the saga turns back for {fact.step}, which is {came or 'not asked'}")
    status = NO_ANSWER
    if came == "refused":
        if fact.code != page.book.refusal:
            broken(TABLE, f"{fact.step} was refused with {page.book.refusal}, not {fact.code}")
        status = page.subject.plan.steps[fact.step].step.refusals[fact.code]
    if fact.status != status:
        broken(TABLE, f"the saga turns back with {fact.status} for {fact.step}: it is {came}")


def _in_time(page: Page) -> None:
    gone, keeper = page.committed(), page.keeper()
    if gone:
        broken(DEADLINE, f"undone at its deadline, and there is no way back from {gone}")
    if keeper:
        broken(DEADLINE, f"undone at its deadline, and the child of {keeper} keeps it")
    if not page.book.timed or page.person():
        broken(DEADLINE, "undone at its deadline, which has passed already or stands still")


def _late(page: Page, fact: Late) -> None:
    del fact
    keeper = page.keeper()
    if not page.committed():
        broken(DEADLINE, "late, and everything could still be undone")
    if page.book.turned:
        broken(DEADLINE, "late, and it is being undone")
    if keeper:
        broken(DEADLINE, f"late, and the child of {keeper} keeps the deadline")
    page.book.timed = False


def _parked(page: Page, fact: Parked) -> None:
    del fact
    page.book.parked = True


def _compensating(page: Page, fact: Compensating) -> None:
    for name, entry in page.book.entries.items():
        if not entry.settled:
            broken(SETTLES, f"undo begins while {name} is still in flight")
    says_owed(page.subject, page.book, fact.owed)


def says_owed(subject: Subject, book: Book, shown: Iterable[str]) -> None:
    """Check what is shown as owed; raises Broken."""
    planned = subject.plan.steps
    real = {name for name, entry in book.entries.items() if entry.owed and planned[name].undo}
    if set(shown) != real:
        broken(OWED, f"shown as owed: {_list(shown)}; owed by the log: {_list(real)}")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _completed(page: Page, fact: Completed) -> None:
    for name in page.subject.names:
        came = page.book.of(name).came
        if came not in ("success", "skipped"):
            broken(ENDS, f"completed, and {name} is {came or 'not asked'}")
    result: dict[str, str] = page.subject.definition.result or {}
    wrong = page.wrong(result, fact.result, page.book.changed)
    if set(fact.result) != set(result) or wrong:
        broken(PARENT, f"it answers {fact.result}; {wrong or 'its fields'} should be otherwise")
    if page.book.turned:
        broken(ENDS, "completed, and the saga had turned back")
    page.book.ended = "completed"
    page.book.timed = False


def _failed(page: Page, fact: Failed) -> None:
    book = page.book
    says_owed(page.subject, book, ())
    if book.cause and fact.code != book.cause:
        broken(PARENT, f"it fails with {fact.code}, and was stopped: {book.cause}")
    undone = {name for name, entry in book.entries.items() if entry.back == "undone"}
    if set(fact.undone) != undone or len(fact.undone) != len(undone):
        broken(OWED, f"shown as undone: {_list(fact.undone)}; by the log: {_list(undone)}")
    if fact.status not in page.subject.codes.get(fact.code, ()):
        broken(PARENT, f"it fails with {fact.code} ({fact.status}), which no parent would know")
    book.ended = "failed"


_READERS: Final[dict[type[Fact], Callable[[Page, Any], None]]] = {
    Started: _started,
    Sent: steps.sent,
    Waited: steps.waited,
    Succeeded: steps.succeeded,
    Refused: steps.refused,
    Faulted: steps.faulted,
    Failing: _failing,
    Late: _late,
    Compensating: _compensating,
    Stuck: steps.stuck,
    Parked: _parked,
    Repaired: steps.repaired,
    Signalled: signals.signalled,
    SignalRefused: signals.refused,
    SignalHeld: signals.held,
    Halted: signals.halted,
    Completed: _completed,
    Failed: _failed,
}
