"""Who owns a partition, as a pure state machine (DESIGN laws 2, 3, 9 and 14).

``step(ownership, event)`` gives the next value and the actions to carry out; it does no I/O and
knows no clock. The shell drives it, and the checks explore this very code. An event that cannot
happen in the present phase raises IllegalEvent and changes nothing. What answers an older epoch is
stale: it changes nothing either, but it is no error, for it can always come late.
"""

from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec

from orchestrator.runtime import happenings as h
from orchestrator.runtime.errors import IllegalEvent
from orchestrator.runtime.standing import Ownership, Phase, settle

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
    return after, (h.Append(span),) if span.count else _unseen(after)


def _unseen(own: Ownership) -> tuple[h.Action, ...]:
    """Answers alone are in no append that could fail: when none is under way, whose acknowledgement
    would show that they were still ours to give, the end of the log does (law 9).
    """
    return _look_due(own, h.LookDue())[1] if own.appended else ()


def _look_due(own: Ownership, _: h.LookDue) -> Result:
    """Whoever appends nothing would not notice a newer claim, nor what was decided under it."""
    if own.phase != "owner" or _appending(own):
        return own, ()
    return own, (h.SeeEnd(own.spans - 1, own.seq),)


def _appending(own: Ownership) -> bool:
    return any(span.count for span in own.appended)


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
    return _confirm(own, event.span, event.base)


def _end_seen(own: Ownership, event: h.EndSeen) -> Result:
    if own.phase == "checking":
        return _change(own, answers=(*own.answers, event)), ()
    if event.seq != own.seq or _appending(own):
        return own, ()  # appended since: the acknowledgement says the same, and more
    if event.end < own.expected:
        return _lost(own, f"the log ends at offset {event.end}, expected {own.expected}")
    if event.end > own.expected:
        checking = _change(own, phase="checking", answers=(event,))
        return checking, (h.ReadBetween(own.expected, event.end),)
    return _confirm(own, event.span, event.end)


def _confirm(own: Ownership, last: int, base: int) -> Result:
    """Move the spans up to the one of id ``last`` to the confirmed ones. Only that one may hold
    records, and they begin at ``base``.
    """
    spans = tuple(
        _change(span, base=base if span.count else own.expected)
        for span in own.appended
        if span.id <= last
    )
    if not spans:  # what waits was decided meanwhile, when nothing could be asked for it
        return own, _unseen(own)
    after = _change(
        own,
        expected=spans[-1].base + spans[-1].count,
        appended=own.appended[len(spans) :],
        confirmed=(*own.confirmed, *spans),
    )
    return after, (h.Commit(spans), *_unseen(after))


def _read_between(own: Ownership, event: h.ReadBetweenDone) -> Result:
    if event.claimed:
        return _lost(own, "a newer claim stands in the log")
    first, *later = own.answers
    after = _change(own, phase="refilling" if own.refill else "owner", answers=())
    if isinstance(first, h.Acknowledged):
        after, actions = _confirm(after, first.span, first.base)
    else:  # stragglers: our own next record is still to come at the offset expected, or later
        after, actions = _end_seen(after, _change(first, end=own.expected))
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
    after = settle(_change(own, confirmed=rest, acting=(*own.acting, *spans)))
    return after, (h.Act(spans),)


def _done(own: Ownership, event: h.Done) -> Result:
    return settle(_change(own, done=own.done | {event.span})), ()


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
    h.LookDue: _ALL,
    h.EndSeen: _DECIDING,
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
    h.LookDue: _look_due,
    h.EndSeen: _end_seen,
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
        h.EndSeen,
        h.ReadBetweenDone,
        h.Done,
        h.Failed,
    )
)
