"""Reads the facts of each transition into the book, and objects where one must not stand there."""

from collections.abc import Callable, Iterable
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
    Late,
    Parked,
    Refused,
    Repaired,
    Sent,
    Signalled,
    SignalRefused,
    Stuck,
    Succeeded,
)
from orchestrator.engine.signals import CANCELLED, CANCELLED_STATUS
from orchestrator.verify.book import UNASKED, Asked, Book, Came, Entry
from orchestrator.verify.laws import (
    DEADLINE,
    ENDS,
    ONCE,
    OWED,
    SENT,
    SETTLES,
    SIGNALS,
    TABLE,
    TOLD,
    broken,
)
from orchestrator.verify.subject import Subject

STOPPED: Final = {CANCELLED: CANCELLED_STATUS, EXCEEDED: EXCEEDED_STATUS}
"""Why a saga is undone where no step is the cause, and the status with which it fails then."""


def read(subject: Subject, book: Book, facts: Iterable[Fact]) -> None:
    """Take the facts of one transition into the book; raises Broken."""
    for fact in facts:
        if isinstance(fact, Emitted):
            _told(book, fact)
            continue
        reader = _READERS.get(type(fact))
        if reader is not None:
            if book.ended and not isinstance(fact, SignalRefused):
                broken(ONCE, f"{type(fact).__name__} though the saga has {book.ended}")
            reader(subject, book, fact)


def _told(book: Book, fact: Emitted) -> None:
    if fact.id in book.told:
        broken(TOLD, f"{fact.event} is told once more")
    book.told = (*book.told, fact.id)


def _sent(subject: Subject, book: Book, fact: Sent) -> None:
    entry = book.entries.get(fact.step, UNASKED)
    asked, this = entry.asked, Asked(fact.direction, fact.round)
    if this not in asked:
        asked = (*asked, this)
    if fact.direction == "undo":
        _may_undo(subject, book, fact.step, entry)
        book.entries[fact.step] = Entry(entry.came, "sent", asked)
        return
    if entry.back:
        broken(SETTLES, f"{fact.step} is asked again while it is being undone")
    if book.turned and entry is UNASKED:
        broken(SETTLES, f"{fact.step} is begun though the saga has turned back")
    if entry.came in ("success", "refused") and fact.round in {n for _, n in entry.asked}:
        broken(ONCE, f"{fact.step} is asked again though round {fact.round} has been answered")
    book.entries[fact.step] = Entry("sent", "", asked)


def _may_undo(subject: Subject, book: Book, name: str, entry: Entry) -> None:
    if not entry.asked:
        broken(SENT, f"{name} is undone, and was never sent")
    if entry.came == "refused":
        broken(SENT, f"{name} is undone, and was definitely refused")
    if entry.back == "undone":
        broken(ONCE, f"{name} is undone once more")
    if not book.turned:
        broken(SETTLES, f"{name} is undone though the saga goes forward")
    for other, its in book.entries.items():
        if not its.settled:
            broken(SETTLES, f"{name} is undone while {other} is still in flight")
    for later in subject.plan.steps[name].after:
        if book.entries.get(later, UNASKED).owed and subject.plan.steps[later].undo:
            broken(SETTLES, f"{name} is undone before {later}, which came after it")


def _succeeded(subject: Subject, book: Book, fact: Succeeded) -> None:
    del subject
    entry = book.entries.get(fact.step, UNASKED)
    if fact.direction == "undo":
        if entry.back not in ("sent", "stuck"):
            broken(ONCE, f"the undo of {fact.step} counts, though it is {entry.back or 'not sent'}")
        book.entries[fact.step] = entry._replace(back="undone")
        return
    if entry.came in ("success", "refused", "skipped") or entry.back:
        broken(ONCE, f"an answer of {fact.step} counts, though it is {entry.back or entry.came}")
    book.entries[fact.step] = entry._replace(came="success")


def _refused(subject: Subject, book: Book, fact: Refused) -> None:
    if fact.direction == "undo":
        return
    entry = book.entries.get(fact.step, UNASKED)
    if entry.came in ("success", "refused", "skipped") or entry.back:
        broken(ONCE, f"a refusal of {fact.step} counts, though it is {entry.back or entry.came}")
    declared = subject.plan.steps[fact.step].step.refusals
    if fact.status != declared.get(fact.code):
        broken(TABLE, f"{fact.step} was refused with {fact.code}, and the log says {fact.status}")
    book.entries[fact.step] = entry._replace(came="refused")


def _faulted(subject: Subject, book: Book, fact: Faulted) -> None:
    del subject
    if fact.direction == "do":
        entry = book.entries.get(fact.step, UNASKED)
        came: Came = "pausing" if fact.retry_at else "unknown"
        book.entries[fact.step] = entry._replace(came=came)


def _failing(subject: Subject, book: Book, fact: Failing) -> None:
    if book.turned:
        broken(ONCE, f"the saga turns back a second time, for {fact.step or fact.code}")
    if fact.step:
        _for_a_step(book, fact)
    elif fact.code == EXCEEDED:
        _in_time(subject, book)
        book.cause = EXCEEDED
    elif fact.code != book.cause:
        broken(TABLE, f"the saga turns back, {fact.code} ({fact.status}), and nobody told it to")
    if book.cause and fact.status != STOPPED[book.cause]:
        broken(TABLE, f"the saga turns back with {fact.status}: {book.cause}")
    book.turned = True
    # What pauses is not asked again in a saga that turns: it counts as perhaps done (law 6).
    for name, entry in book.entries.items():
        if entry.came == "pausing":
            book.entries[name] = entry._replace(came="unknown")


def _for_a_step(book: Book, fact: Failing) -> None:
    came = book.entries.get(fact.step, UNASKED).came
    if came not in ("refused", "unknown"):
        broken(TABLE, f"the saga turns back for {fact.step}, which is {came or 'not asked'}")
    if (fact.status == NO_ANSWER) != (came == "unknown"):
        broken(TABLE, f"the saga turns back with {fact.status} for {fact.step}: it is {came}")


def _in_time(subject: Subject, book: Book) -> None:
    gone = _committed(subject, book)
    if gone:
        broken(DEADLINE, f"undone at its deadline, and there is no way back from {gone}")


def _late(subject: Subject, book: Book, fact: Late) -> None:
    del fact
    if not _committed(subject, book):
        broken(DEADLINE, "late, and everything could still be undone")
    if book.turned:
        broken(DEADLINE, "late, and it is being undone")


def _committed(subject: Subject, book: Book) -> str:
    """The steps from which there is no way back, as far as they were asked."""
    asked = [name for name in subject.names if book.entries.get(name, UNASKED).asked]
    kinds = {name: subject.plan.steps[name].step.kind for name in asked}
    return ", ".join(name for name, kind in kinds.items() if kind in ("pivot", "retriable"))


def _signalled(subject: Subject, book: Book, fact: Signalled) -> None:
    why = _too_late(subject, book)
    if why:
        broken(SIGNALS, f"{fact.signal} is applied though {why}")
    book.cause = CANCELLED


def _signal_refused(subject: Subject, book: Book, fact: SignalRefused) -> None:
    if not _too_late(subject, book):
        broken(SIGNALS, f"{fact.signal} is refused in time: {fact.why}")


def _too_late(subject: Subject, book: Book) -> str:
    """Why, by the log, a cancel must be refused; empty when it must be applied."""
    if book.ended or book.turned or book.parked:
        return "it has ended, turned back or is parked"
    gone = _committed(subject, book)
    return f"there is no way back from {gone}" if gone else ""


def _parked(subject: Subject, book: Book, fact: Parked) -> None:
    del subject, fact
    book.parked = True


def _compensating(subject: Subject, book: Book, fact: Compensating) -> None:
    for name, entry in book.entries.items():
        if not entry.settled:
            broken(SETTLES, f"undo begins while {name} is still in flight")
    says_owed(subject, book, fact.owed)


def says_owed(subject: Subject, book: Book, shown: Iterable[str]) -> None:
    """Check what is shown as owed; raises Broken."""
    steps = subject.plan.steps
    real = {name for name, entry in book.entries.items() if entry.owed and steps[name].undo}
    if set(shown) != real:
        broken(OWED, f"shown as owed: {_list(shown)}; owed by the log: {_list(real)}")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _stuck(subject: Subject, book: Book, fact: Stuck) -> None:
    del subject
    entry = book.entries.get(fact.step, UNASKED)
    if fact.direction == "undo":
        book.entries[fact.step] = entry._replace(back="stuck")


def _repaired(subject: Subject, book: Book, fact: Repaired) -> None:
    del subject
    book.parked = False
    if fact.action != "skip":
        return
    entry = book.entries.get(fact.step, UNASKED)
    changed = entry._replace(came="skipped") if fact.direction == "do" else None
    book.entries[fact.step] = changed or entry._replace(back="skipped")


def _completed(subject: Subject, book: Book, fact: Completed) -> None:
    del fact
    for name in subject.names:
        came = book.entries.get(name, UNASKED).came
        if came not in ("success", "skipped"):
            broken(ENDS, f"completed, and {name} is {came or 'not asked'}")
    book.ended = "completed"


def _failed(subject: Subject, book: Book, fact: Failed) -> None:
    says_owed(subject, book, ())
    undone = {name for name, entry in book.entries.items() if entry.back == "undone"}
    if set(fact.undone) != undone or len(fact.undone) != len(undone):
        broken(OWED, f"shown as undone: {_list(fact.undone)}; by the log: {_list(undone)}")
    book.ended = "failed"


_READERS: Final[dict[type[Fact], Callable[[Subject, Book, Any], None]]] = {
    Sent: _sent,
    Succeeded: _succeeded,
    Refused: _refused,
    Faulted: _faulted,
    Failing: _failing,
    Late: _late,
    Compensating: _compensating,
    Stuck: _stuck,
    Parked: _parked,
    Repaired: _repaired,
    Signalled: _signalled,
    SignalRefused: _signal_refused,
    Completed: _completed,
    Failed: _failed,
}
