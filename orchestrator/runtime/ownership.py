"""Who owns a partition, as a pure state machine (DESIGN laws 2, 3, 9 and 14).

``step(ownership, event)`` gives the next value and the actions to carry out; it does no I/O and
knows no clock. The shell drives it, and the checks explore this very code. An event that cannot
happen in the present phase raises IllegalEvent and changes nothing. What answers an older epoch is
stale: it changes nothing either, but it is no error, for it can always come late.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

import msgspec

from orchestrator.runtime import happenings as h
from orchestrator.runtime.errors import IllegalEvent

Phase = Literal[
    "released",  # not assigned
    "inspecting",  # assigned: the file is compared with the topic
    "claiming",  # the claim is appended, its offset is not known yet
    "adopting",  # the claim stands in the log, what precedes it is read
    "refilling",  # the log lacks what the file holds: it is appended again
    "owner",
    "checking",  # an append got a higher offset than expected: what lies between is read
    "replaced",  # assigned but not owner: claims again after a pause
]


class Ownership(msgspec.Struct, frozen=True):
    """One partition, as its assignee knows it. Everything is a value; nothing here is shared.

    ``appended`` spans wait for their offset, ``confirmed`` ones stand in the log and wait for
    SQLite, ``acting`` ones are in SQLite and wait until their effects are acknowledged.
    """

    phase: Phase = "released"
    log: str = ""
    epoch: str = ""
    expected: int = 0
    seq: int = 0
    spans: int = 0
    file: h.Mark | None = None
    again: bool = False
    refill: bool = False
    appended: tuple[h.Span, ...] = ()
    answers: tuple[h.Acknowledged, ...] = ()
    confirmed: tuple[h.Span, ...] = ()
    acting: tuple[h.Span, ...] = ()
    done: frozenset[int] = frozenset()
    sent: int = -1
    inputs: h.Positions = h.NOWHERE

    @property
    def owns(self) -> bool:
        """Whether inputs may be decided."""
        return self.phase in ("owner", "checking") and not self.refill


Result = tuple[Ownership, tuple[h.Action, ...]]
_change = msgspec.structs.replace


def step(own: Ownership, event: h.Event) -> Result:
    """The ownership after this event, and what is to be done. Raises IllegalEvent."""
    kind = type(event)
    if kind in _EPOCHAL and event.epoch != own.epoch:  # type: ignore[union-attr]
        return own, ()
    if own.phase not in _LEGAL[kind]:
        raise IllegalEvent(f"{kind.__name__} while {own.phase}")
    return _STEP[kind](own, event)


def _assigned(own: Ownership, event: h.Assigned) -> Result:
    if own.confirmed:
        raise IllegalEvent("claiming again before what is confirmed was committed")
    inputs = own.inputs if own.phase == "replaced" else h.NOWHERE
    return Ownership("inspecting", file=event.file, inputs=inputs), (h.Inspect(event.file),)


def _inspected(own: Ownership, event: h.Inspected) -> Result:
    file, actions = own.file, list[h.Action]()
    if file and event.log and file.log != event.log:
        actions.append(h.SetAside(f"the topic holds log {event.log}, the file log {file.log}"))
        file = None
    log = event.log or (file.log if file else event.fresh_log)
    again = file is not None and not event.matches
    after = _change(own, phase="claiming", log=log, epoch=event.epoch, file=file, again=again)
    return after, (*actions, h.AppendClaim(log, event.epoch))


def _claim_acknowledged(own: Ownership, event: h.ClaimAcknowledged) -> Result:
    after = _change(own, phase="adopting", expected=event.offset + 1)
    return after, (h.ReadUpTo(event.offset, own.again),)


def _adopted(own: Ownership, event: h.Adopted) -> Result:
    claim = own.expected - 1
    if event.foreign and own.file is None:
        return _lost(own, "the log contradicts itself")
    if event.foreign:
        reason = "somebody else went on with this log where our file had more of it"
        return _change(own, again=False, file=None), (h.SetAside(reason), h.ReadUpTo(claim, False))
    if event.missing:
        # Also what a refill that was interrupted has appended already: nobody has sent that.
        return _change(own, phase="refilling", refill=True, sent=event.sent), (h.Refill(),)
    return _own(own, event.sent)


def _own(own: Ownership, sent: int) -> Result:
    last = own.expected - 1
    resend = h.Span(h.RESEND, 0, last - sent, own.inputs, base=sent + 1)
    after = _change(
        own, phase="owner", again=False, refill=False, sent=sent, acting=(resend,), done=frozenset()
    )
    return after, (h.Own(sent),)


def _refilled(own: Ownership, _: h.Refilled) -> Result:
    if not own.refill or own.appended or own.confirmed:
        raise IllegalEvent("the refill is not finished")
    return _own(own, own.sent)


def _decided(own: Ownership, event: h.Decided) -> Result:
    span = h.Span(own.spans, own.seq, event.count, event.covers, event.answers)
    after = _change(
        own,
        seq=own.seq + event.count,
        spans=own.spans + 1,
        appended=(*own.appended, span),
    )
    if span.count:
        return after, (h.Append(span),)
    confirmed, actions = _confirm(after)  # answers alone wait only for what came before them
    return confirmed, actions


def _acknowledged(own: Ownership, event: h.Acknowledged) -> Result:
    if own.phase == "checking":
        return _change(own, answers=(*own.answers, event)), ()
    span = next((span for span in own.appended if span.count), None)
    if span is None or span.id != event.span:
        return _lost(own, "an append was acknowledged out of order: an earlier one was lost")
    if event.base < own.expected:
        return _lost(own, f"got offset {event.base}, expected {own.expected}")
    if event.base > own.expected:
        checking = _change(own, phase="checking", answers=(event,))
        return checking, (h.ReadBetween(own.expected, event.base),)
    return _confirm(own, event.base)


def _confirm(own: Ownership, base: int | None = None) -> Result:
    """Move the acknowledged span, and the answers right behind it, to the confirmed ones."""
    expected, ready, waiting = own.expected, list[h.Span](), list(own.appended)
    while waiting and (base is not None or not waiting[0].count):
        span = waiting.pop(0)
        if span.count:
            assert base is not None
            expected, base = base + span.count, None
        ready.append(_change(span, base=expected - span.count))
    if not ready:
        return own, ()
    spans = tuple(ready)
    after = _change(
        own, expected=expected, appended=tuple(waiting), confirmed=(*own.confirmed, *spans)
    )
    return after, (h.Commit(spans),)


def _read_between(own: Ownership, event: h.ReadBetweenDone) -> Result:
    if event.claimed:
        return _lost(own, "a newer claim stands in the log")
    first, *later = own.answers
    after = _change(own, phase="refilling" if own.refill else "owner", answers=())
    after, actions = _confirm(after, first.base)
    for answer in later:  # each of them may again show a jump
        after, more = step(after, answer)
        actions = (*actions, *more)
    return after, actions


def _append_failed(own: Ownership, event: h.AppendFailed) -> Result:
    return _lost(own, event.reason)


def _failed(own: Ownership, event: h.Failed) -> Result:
    return _lost(own, event.reason)


def _lost(own: Ownership, reason: str) -> Result:
    """Ownership has ended. What is confirmed stands in the log and is still committed."""
    after = _change(own, phase="replaced", epoch="", **_EMPTY)
    return after, (h.Relinquish(own.inputs, True, reason),)


def _contradicted(own: Ownership, event: h.Contradicted) -> Result:
    """What is confirmed is not committed: it stands in the log, and is read from there."""
    own = _change(own, confirmed=())
    return _lost(own, event.reason) if own.phase in _DECIDING else (own, ())


def _revoked(own: Ownership, _: h.Revoked) -> Result:
    if own.phase == "released":
        return own, ()
    after = _change(own, phase="released", epoch="", **_EMPTY)
    return after, (h.Relinquish(own.inputs, False, "the partition was taken away"),)


def _committed(own: Ownership, event: h.Committed) -> Result:
    spans, rest = own.confirmed[: event.spans], own.confirmed[event.spans :]
    if len(spans) != event.spans:
        raise IllegalEvent("more spans were committed than confirmed")
    if not own.epoch or own.refill:  # a replaced owner leaves the acting to its successor
        return _change(own, confirmed=rest), ()
    after = _settle(_change(own, confirmed=rest, acting=(*own.acting, *spans)))
    return after, (h.Act(spans),)


def _done(own: Ownership, event: h.Done) -> Result:
    return _settle(_change(own, done=own.done | {event.span})), ()


def _settle(own: Ownership) -> Ownership:
    """Move the sent mark over the unbroken prefix of what is done, and the inputs as far as safe.

    Inputs of transitions are safe once these are in SQLite: the log will see to their effects.
    """
    acting, done, sent, inputs = list(own.acting), set(own.done), own.sent, own.inputs
    while acting and acting[0].id in done:
        span = acting.pop(0)
        done.remove(span.id)
        sent, inputs = max(sent, span.base + span.count - 1), _later(inputs, span.covers)
    for span in acting:
        if span.answers:
            break
        inputs = _later(inputs, span.covers)
    return _change(own, acting=tuple(acting), done=frozenset(done), sent=sent, inputs=inputs)


def _later(one: h.Positions, other: h.Positions) -> h.Positions:
    return max(one[0], other[0]), max(one[1], other[1])


_EMPTY: Final[dict[str, Any]] = {
    "appended": (),
    "answers": (),
    "acting": (),
    "done": frozenset[int](),
    "again": False,
    "refill": False,
}

_ALL: Final[frozenset[Phase]] = frozenset(get_args(Phase))
_DECIDING: Final[frozenset[Phase]] = frozenset(("owner", "checking", "refilling"))
_TRYING: Final[frozenset[Phase]] = frozenset(("inspecting", "claiming", "adopting"))
_LEGAL: Final[dict[type, frozenset[Phase]]] = {
    h.Assigned: frozenset(("released", "replaced")),
    h.Inspected: frozenset(("inspecting",)),
    h.ClaimAcknowledged: frozenset(("claiming",)),
    h.Adopted: frozenset(("adopting",)),
    h.Decided: _DECIDING,
    h.Refilled: frozenset(("refilling",)),
    h.Acknowledged: _DECIDING,
    h.AppendFailed: _DECIDING | _TRYING,
    h.ReadBetweenDone: frozenset(("checking",)),
    h.Committed: _ALL,
    h.Contradicted: _ALL,
    h.Done: frozenset(("owner", "checking")),
    h.Failed: _DECIDING | _TRYING,
    h.Revoked: _ALL,
}
_STEP: Final[dict[type, Callable[[Ownership, Any], Result]]] = {
    h.Assigned: _assigned,
    h.Inspected: _inspected,
    h.ClaimAcknowledged: _claim_acknowledged,
    h.Adopted: _adopted,
    h.Decided: _decided,
    h.Refilled: _refilled,
    h.Acknowledged: _acknowledged,
    h.AppendFailed: _append_failed,
    h.ReadBetweenDone: _read_between,
    h.Committed: _committed,
    h.Contradicted: _contradicted,
    h.Done: _done,
    h.Failed: _failed,
    h.Revoked: _revoked,
}
_EPOCHAL: Final = frozenset(
    (
        h.ClaimAcknowledged,
        h.Adopted,
        h.Decided,
        h.Refilled,
        h.Acknowledged,
        h.AppendFailed,
        h.ReadBetweenDone,
        h.Done,
        h.Failed,
    )
)
