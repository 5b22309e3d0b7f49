"""What the log may say of one step: asked, waited for, answered, given up, undone."""

from orchestrator.engine.facts import Faulted, Refused, Repaired, Sent, Stuck, Succeeded, Waited
from orchestrator.engine.inputs import Repair, Reply, Signal, Wake
from orchestrator.verify.book import UNASKED, Asked, Came, Entry
from orchestrator.verify.laws import (
    AGAIN,
    BEGINS,
    CHANGES,
    CHILDREN,
    DEADLINE,
    LATE,
    ONCE,
    SENT,
    SETTLES,
    TABLE,
    WAITS,
    broken,
)
from orchestrator.verify.page import Page


def sent(page: Page, fact: Sent) -> None:
    """A command goes out, or the start of a child."""
    book = page.book
    entry = book.of(fact.step)
    asked, this = entry.asked, Asked(fact.direction, fact.round)
    if this not in asked:
        asked = (*asked, this)
    changed = _known(page, fact, entry)
    if page.subject.changes:
        _filled(page, fact, changed)
    if fact.direction == "undo":
        _may_undo(page, fact, entry)
        book.entries[fact.step] = entry._replace(back="sent", asked=asked)
        return
    if entry.back:
        broken(SETTLES, f"{fact.step} is asked again while it is being undone")
    if entry is UNASKED:
        _begins(page, fact.step)
    if entry.came in ("success", "refused") and fact.round in {n for _, n in entry.asked}:
        broken(ONCE, f"{fact.step} is asked again though round {fact.round} has been answered")
    another = bool(entry.asked) and fact.round != entry.last
    if another:
        _another_round(page, fact, entry)
    _handed_down(page, fact)
    book.entries[fact.step] = Entry(
        "sent",
        "",
        asked,
        stands=entry.stands or (another and entry.came == "success"),
        held=entry.held,
        told=() if another else entry.told,
        stopping=entry.stopping and not another,
        keeps=bool(fact.until),
        changed=changed,
    )


def _known(page: Page, fact: Sent, entry: Entry) -> frozenset[str]:
    """The fields that had been changed when the round began: its attempts say the same. A child is
    asked for with what its parent knows, as it has applied that itself.
    """
    again = fact.direction == "do" and fact.round == entry.last
    return entry.changed if again and fact.step not in page.subject.children else page.book.changed


def _filled(page: Page, fact: Sent, changed: frozenset[str]) -> None:
    call = page.call(fact.step, fact.direction)
    wrong = call and page.wrong(call.fields, fact.data, changed)
    if wrong:
        broken(CHANGES, f"{fact.command}.{wrong} is {fact.data.get(wrong)}, and not as it was")


def _begins(page: Page, name: str) -> None:
    if page.book.turned:
        broken(SETTLES, f"{name} is begun though the saga has turned back")
    for need in page.subject.needs[name]:
        came = page.book.of(need).came
        if came not in ("success", "skipped"):
            broken(BEGINS, f"{name} is begun, and {need} is {came or 'not asked'}")


def _another_round(page: Page, fact: Sent, entry: Entry) -> None:
    """Only the engine opens a round, when the last is settled (DESIGN law 4)."""
    if fact.round != entry.last + 1:
        broken(AGAIN, f"{fact.step} goes from round {entry.last} to round {fact.round}")
    if entry.came == "success":
        if not entry.again:
            broken(AGAIN, f"{fact.step} is done again, and nothing has changed")
    elif entry.came != "refused":
        broken(AGAIN, f"{fact.step} begins another round, and is {entry.came}")
    elif page.given is not None and not isinstance(page.given, Repair):
        broken(AGAIN, f"{fact.step} was refused, and nobody has it done again")


def _handed_down(page: Page, fact: Sent) -> None:
    """The deadline goes to a child that has a point of no return, and to nobody else."""
    wanted = fact.step in page.subject.deciding and page.book.timed
    if bool(fact.until) != wanted:
        told = "is handed down to" if fact.until else "is not handed down to"
        broken(DEADLINE, f"the deadline {told} {fact.step}")


def _may_undo(page: Page, fact: Sent, entry: Entry) -> None:
    name, steps = fact.step, page.subject.plan.steps
    if not entry.asked:
        broken(SENT, f"{name} is undone, and was never sent")
    if entry.came == "refused" and not entry.stands:
        broken(SENT, f"{name} is undone, and was definitely refused")
    if entry.back == "undone":
        broken(ONCE, f"{name} is undone once more")
    if not page.book.turned:
        broken(SETTLES, f"{name} is undone though the saga goes forward")
    for other, its in page.book.entries.items():
        if not its.settled:
            broken(SETTLES, f"{name} is undone while {other} is still in flight")
    for later in steps[name].after:
        if page.book.of(later).owed and steps[later].undo:
            broken(SETTLES, f"{name} is undone before {later}, which came after it")
    if fact.round < entry.last:
        broken(LATE, f"{name} is undone up to round {fact.round}, and asked for {entry.last}")


def waited(page: Page, fact: Waited) -> None:
    """Something is waited for."""
    wait, entry = page.subject.waits.get(fact.step), page.book.of(fact.step)
    if wait is None or entry is not UNASKED:
        broken(WAITS, f"{fact.step} is waited for, and is {entry.came or 'no wait'}")
    if wait.person != fact.person:
        broken(WAITS, f"{fact.step} waits for a person by its definition, or by the log")
    _begins(page, fact.step)
    page.book.entries[fact.step] = entry._replace(came="waiting")


def succeeded(page: Page, fact: Succeeded) -> None:
    """An answer counts."""
    book, entry = page.book, page.book.of(fact.step)
    if fact.direction == "undo":
        if entry.back not in ("sent", "stuck"):
            broken(ONCE, f"the undo of {fact.step} counts, though it is {entry.back or 'not sent'}")
        book.entries[fact.step] = entry._replace(back="undone")
        return
    _answered(page, fact.step, entry, "an answer", yes=True)
    book.entries[fact.step] = entry._replace(came="success", stuck=False, keeps=False)


def refused(page: Page, fact: Refused) -> None:
    """A refusal counts."""
    if fact.direction == "undo":
        return
    entry = page.book.of(fact.step)
    _answered(page, fact.step, entry, "a refusal", yes=False)
    declared = page.subject.plan.steps[fact.step].step.refusals
    if fact.status != declared.get(fact.code):
        broken(TABLE, f"{fact.step} was refused with {fact.code}, and the log says {fact.status}")
    page.book.refusal = fact.code
    page.book.entries[fact.step] = entry._replace(came="refused", stuck=False, keeps=False)


def _answered(page: Page, name: str, entry: Entry, what: str, *, yes: bool) -> None:
    if entry.came in ("success", "refused", "skipped", "dropped") or entry.back:
        broken(ONCE, f"{what} of {name} counts, though it is {entry.back or entry.came}")
    if name in page.subject.waits:
        _decided(page, name, yes)


def _decided(page: Page, name: str, yes: bool) -> None:
    """A wait says what its signal said, or what was written down for the end of its time."""
    wait, given = page.subject.waits[name], page.given
    if isinstance(given, Signal):
        right = not wait.accepts or given.data.get(wait.accepts) is True
    elif isinstance(given, Wake):
        right = wait.expires == "done"
    elif given is None:
        return
    else:
        broken(WAITS, f"{name} is decided by {type(given).__name__}")
    if yes != right:
        broken(WAITS, f"{name} is {'done' if yes else 'refused'}, and was told otherwise")


def faulted(page: Page, fact: Faulted) -> None:
    """An attempt brought no answer."""
    if fact.direction == "undo":
        return
    if fact.step in page.subject.children and not fact.retry_at:
        broken(CHILDREN, f"{fact.step} is given up, and its child has not ended")
    came: Came = "pausing" if fact.retry_at else "unknown"
    entry = page.book.of(fact.step)
    page.book.entries[fact.step] = entry._replace(came=came)


def stuck(page: Page, fact: Stuck) -> None:
    """A person must decide."""
    entry = page.book.of(fact.step)
    changed = entry._replace(stuck=True) if fact.direction == "do" else entry._replace(back="stuck")
    page.book.entries[fact.step] = changed


def repaired(page: Page, fact: Repaired) -> None:
    """A person has decided."""
    page.book.parked = False
    if fact.action != "skip":
        return
    entry = page.book.of(fact.step)
    changed = entry._replace(back="skipped")
    if fact.direction == "do":
        changed = entry._replace(came="skipped", stuck=False)
    page.book.entries[fact.step] = changed


def answer_of(page: Page) -> tuple[str, str] | None:
    """What a child answers: the id of a signal, and why it was refused; None where it does not."""
    given = page.given
    if isinstance(given, Reply) and given.outcome == "answered":
        return str(given.data.get("signal")), str(given.data.get("why", ""))
    return None
