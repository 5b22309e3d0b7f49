"""What must be true of the state after every transition: its wake-ups, its deadline, and that it
agrees with the book. Times are left out of it on the way.
"""

from typing import Final

from msgspec.structs import replace

from orchestrator.engine import backward
from orchestrator.engine.state import State
from orchestrator.verify.laws import DEADLINE, ONCE, SIGNALS, WAITS, WAKES, broken
from orchestrator.verify.page import Page
from orchestrator.verify.witness import says_owed

NOW: Final = 1_700_000_000_000
LATER: Final = NOW + (1 << 40)


def forget_times(page: Page, before: State | None, state: State, overdue: bool) -> None:
    """What is due lies in the future, however far: when is left out. A deadline that is ``overdue``
    has passed while it stood still, or a child kept it.
    """
    old = before.steps if before else {}
    earliest, wake_at = 0, state.wake_at
    for name, step in state.steps.items():
        due = step.due
        if (step.waits or step.phase == "waiting") != bool(due):
            broken(WAKES, f"{name} is {step.phase}, and due is {due}")
        if not due:
            continue
        earliest = min(earliest or due, due)
        if step is not old.get(name):
            if due <= NOW:
                broken(WAKES, f"{name} is due at {due - NOW} ms, which has passed")
            state.steps[name] = replace(step, due=LATER)
    if state.deadline:
        earliest = _deadline(page, state, earliest, overdue)
    if state.open and not state.parked and earliest != wake_at:
        broken(WAKES, f"the wake-up is at {wake_at}, and {earliest} is due first")


def _deadline(page: Page, state: State, earliest: int, overdue: bool) -> int:
    """What is due first, the deadline of the saga included; it stands still while a person is
    waited for, and so is LATER as all the others.
    """
    deadline = state.deadline
    if bool(state.person_since) != page.person():
        broken(DEADLINE, f"its clock stands still since {state.person_since}: {state.status}")
    keeper = page.keeper()
    if state.delegated != keeper:
        broken(DEADLINE, f"it is kept by {state.delegated or 'itself'}, not by {keeper}")
    if (deadline <= NOW and not overdue) or state.mode != "forward":
        broken(DEADLINE, f"the saga is {state.mode}, and its deadline {deadline - NOW} ms away")
    state.deadline = LATER
    if state.person_since or keeper:
        return earliest
    return min(earliest or deadline, deadline)


def stands(page: Page, state: State) -> None:
    """What must be true in every situation."""
    ended = page.book.ended
    if state.open == bool(ended):
        broken(ONCE, f"the state is {state.mode}, and by the log it {ended or 'is open'}")
    if not page.subject.ordinary:
        _agrees(page, state)
    if ended:
        return
    if not state.wake_at and state.status != "needs_operator":
        broken(WAKES, f"the saga is {state.status}, and nothing is due")
    if state.mode == "compensating":
        says_owed(page.subject, page.book, backward.owed(page.subject.plan, state))


def _agrees(page: Page, state: State) -> None:
    """What is held, decided and waited for is what the log says."""
    book = page.book
    held = sorted((name, kept.id) for name, kept in book.held())
    if held != sorted((one.step, one.id) for one in state.held):
        broken(SIGNALS, f"held by the log are {held}, by the state {state.held}")
    told = {i: came == "refused" for i, came in book.signals.items() if came != "held"}
    if told != {identity: bool(why) for identity, why in state.signals.items()}:
        broken(SIGNALS, f"decided by the log are {book.signals}, by the state {state.signals}")
    for name in page.subject.waits:
        step, came = state.steps.get(name), book.of(name).came
        if (step is not None and step.phase == "waiting") != (came == "waiting"):
            phase = step.phase if step else "not begun"
            broken(WAITS, f"{name} is {came or 'not asked'} by the log, by the state {phase}")
