"""What the log may say of signals, and what must become of each by the book: applied, held or
refused, once.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from orchestrator.engine.facts import Fact, Halted, SignalHeld, Signalled, SignalRefused
from orchestrator.engine.inputs import Reply, Signal
from orchestrator.engine.signals import CANCEL, CANCELLED
from orchestrator.verify.book import Kept, Verdict
from orchestrator.verify.laws import AGAIN, CHANGES, CHILDREN, ONCE, SIGNALS, WAITS, broken
from orchestrator.verify.page import Page
from orchestrator.verify.witness_steps import answer_of


class Due(NamedTuple):
    """What must become of a signal, and why it cannot be applied; the step for which it is held."""

    verdict: Verdict
    why: str = ""
    step: str = ""


def due(page: Page, signal: str, data: Mapping[str, Any]) -> Due:
    """What must become of a signal that comes now."""
    book = page.book
    if book.ended or book.turned or book.parked:
        return Due("refused", "it has ended, turned back or is parked")
    if signal == CANCEL:
        gone = page.committed()
        if gone:
            return Due("refused", f"there is no way back from {gone}")
        deciding = page.deciding()
        return Due("held", f"the child of {deciding} decides", deciding) if deciding else _APPLIED
    if signal in page.subject.changes:
        return _change_due(page, signal, data)
    return _wait_due(page, signal, data)


_APPLIED = Due("applied")


def _change_due(page: Page, signal: str, data: Mapping[str, Any]) -> Due:
    change = page.subject.changes[signal]
    entry = page.book.of(change.redo)
    if not set(change.required) <= set(data):
        return Due("refused", "it is not complete")
    if not entry.asked:
        return _APPLIED
    if entry.came in ("sent", "pausing") or entry.stuck:
        return Due("held", f"{change.redo} is in flight", change.redo)
    return Due("refused", f"{change.redo} is {entry.came}")


def _wait_due(page: Page, signal: str, data: Mapping[str, Any]) -> Due:
    name = page.subject.asking.get(signal, "")
    wait = page.subject.waits.get(name)
    if wait is None:
        return Due("refused", "nothing of this saga takes it")
    came = page.book.of(name).came
    if came != "waiting":
        return Due("refused", f"{name} is {came or 'not waited for yet'}")
    return _APPLIED if set(wait.required) <= set(data) else Due("refused", "it is not complete")


def _law(page: Page, signal: str) -> str:
    if signal == CANCEL:
        return SIGNALS
    return CHANGES if signal in page.subject.changes else WAITS


def signalled(page: Page, fact: Signalled) -> None:
    """A signal is applied."""
    book = page.book
    step = _decided(page, fact)
    if step:
        _from_held(page, fact, step)
    else:
        _new(page, fact, Due("applied"), fact.data)
    if fact.signal == CANCEL:
        book.cause = CANCELLED
    elif fact.signal in page.subject.changes:
        _changed(page, fact)
    book.signals = {**book.signals, fact.id: "applied"}


def _changed(page: Page, fact: Signalled) -> None:
    change = page.subject.changes[fact.signal]
    wanted = {field: fact.data.get(source) for field, source in change.fields.items()}
    if fact.changes != wanted:
        broken(CHANGES, f"{fact.signal} changes {fact.changes}, and should change {wanted}")
    page.book.changed |= set(wanted)
    page.book.changes = (*page.book.changes, fact.signal)


def refused(page: Page, fact: SignalRefused) -> None:
    """A signal is refused."""
    step = _decided(page, fact)
    if step:
        _refused_of_held(page, fact, step)
    else:
        data = page.given.data if isinstance(page.given, Signal) else {}
        _new(page, fact, Due("refused"), data)
    page.book.signals = {**page.book.signals, fact.id: "refused"}


def held(page: Page, fact: SignalHeld) -> None:
    """A signal waits for a step, or is handed on to its child: once more where that is asked
    again.
    """
    book, kept = page.book, Kept(fact.id, fact.signal)
    entry = book.of(fact.step)
    child = fact.step in page.subject.children
    if kept in entry.held:
        if not child:
            broken(ONCE, f"{fact.signal} is held once more")
        return
    if fact.id in book.signals:
        broken(ONCE, f"{fact.signal} is held, and was {book.signals[fact.id]} before")
    _new(page, fact, Due("held", "", fact.step), fact.data)
    book.signals = {**book.signals, fact.id: "held"}
    told = (*entry.told, kept) if child else ()
    book.entries[fact.step] = entry._replace(held=(*entry.held, kept), told=told)


def halted(page: Page, fact: Halted) -> None:
    """A child that runs is told to stop."""
    entry = page.book.of(fact.step)
    if fact.step not in page.subject.children or entry.settled or entry.last != fact.round:
        broken(CHILDREN, f"{fact.step} is told to stop, and is {entry.came or 'not asked'}")
    if not page.book.turned:
        broken(CHILDREN, f"{fact.step} is told to stop though the saga goes forward")
    page.book.entries[fact.step] = entry._replace(stopping=True)


def _new(
    page: Page, fact: Signalled | SignalRefused | SignalHeld, came: Due, data: Mapping[str, Any]
) -> None:
    """A signal that was not known before: it must come to what the book says."""
    wanted = due(page, fact.signal, data)
    if came.verdict != wanted.verdict:
        law = _law(page, fact.signal)
        if isinstance(fact, SignalRefused):
            broken(law, f"{fact.signal} is refused in time: {fact.why}")
        broken(law, f"{fact.signal} is {came.verdict} though {wanted.why or 'it applies now'}")
    if came.step != wanted.step and came.verdict == "held":
        broken(CHANGES, f"{fact.signal} is held for {came.step}, not for {wanted.step}")
    if page.given is not None and not (isinstance(page.given, Signal) and page.given.id == fact.id):
        broken(ONCE, f"{fact.signal} {fact.id} is {came.verdict}, and nobody told it now")


def _decided(page: Page, fact: Signalled | SignalRefused) -> str:
    """Take a signal off the list of those that are held; the step for which it was held."""
    book = page.book
    if book.signals.get(fact.id) in ("applied", "refused"):
        broken(ONCE, f"{fact.signal} {fact.id} was {book.signals[fact.id]}, and counts once more")
    kept = Kept(fact.id, fact.signal)
    for name, entry in book.entries.items():
        if kept in entry.held:
            left = tuple(one for one in entry.held if one != kept)
            book.entries[name] = entry._replace(held=left)
            return name
    return ""


def _from_held(page: Page, fact: Signalled, step: str) -> None:
    entry = page.book.of(step)
    if step in page.subject.children:
        if answer_of(page) != (fact.id, "") and fact.id not in _named_applied(page, step):
            broken(CHILDREN, f"{fact.signal} is applied, and the child of {step} has not said so")
        if fact.signal == CANCEL:
            page.book.entries[step] = entry._replace(stopping=True)
        return
    if entry.came != "success":
        broken(CHANGES, f"{fact.signal} is applied while {step} is {entry.came}")
    page.book.entries[step] = entry._replace(again=True)


def _named_applied(page: Page, step: str) -> tuple[str, ...]:
    """What the child of this step says at its end that it has applied."""
    given = page.given
    return given.applied if isinstance(given, Reply) and given.step == step else ()


def _refused_of_held(page: Page, fact: SignalRefused, step: str) -> None:
    entry = page.book.of(step)
    if fact.id in _named_applied(page, step):
        broken(CHILDREN, f"{fact.signal} is refused, and the child of {step} has applied it")
    answer = answer_of(page)
    if answer is not None and answer[0] == fact.id and answer[1]:
        return
    over = page.book.turned or entry.came == "skipped"
    if not over and not (step in page.subject.children and entry.settled):
        broken(_law(page, fact.signal), f"{fact.signal} is refused in time: {fact.why}")


def settled(page: Page) -> None:
    """After a transition: what is held is held for something that runs, what was changed is done
    again, and what runs in a saga that turns knows it.
    """
    book, given = page.book, page.given
    for name, entry in book.entries.items():
        if entry.held:
            kept = entry.held[0].signal
            if book.turned or book.ended:
                broken(CHANGES, f"{kept} is still held, though the saga has turned or ended")
            if entry.settled and not entry.stuck:
                broken(CHANGES, f"{kept} is still held for {name}, which is {entry.came}")
        if entry.again:
            broken(AGAIN, f"{name} has been changed, and is not done again")
        runs_on = book.turned and not entry.settled and not entry.stopping
        if runs_on and name in page.subject.children:
            broken(CHILDREN, f"the child of {name} runs on, and nobody tells it to stop")
    if isinstance(given, Signal) and given.id not in book.signals and not book.parked:
        broken(SIGNALS, f"{given.name} is neither applied, held nor refused")


def told_again(page: Page, step: str, facts: Collection[Fact]) -> None:
    """A child that is asked again is told again what it was told before: what is held for it, and
    to stop.
    """
    told = {fact.id for fact in facts if isinstance(fact, SignalHeld)}
    for kept in page.book.of(step).held:
        if kept.id not in told:
            broken(CHILDREN, f"{step} is asked again, and not told again: {kept.signal}")
    if page.book.turned and not any(isinstance(f, Halted) and f.step == step for f in facts):
        broken(CHILDREN, f"{step} is asked again, and not told again to stop")
