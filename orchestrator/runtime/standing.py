"""What the assignee of a partition knows of it: a value, changed only by ``ownership.step``."""

from typing import Literal

import msgspec

from orchestrator.runtime import happenings as h

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
    answers: tuple[h.Acknowledged | h.EndSeen, ...] = ()
    confirmed: tuple[h.Span, ...] = ()
    acting: tuple[h.Span, ...] = ()
    done: frozenset[int] = frozenset()
    sent: int = -1
    inputs: h.Positions = h.NOWHERE

    @property
    def owns(self) -> bool:
        """Whether inputs may be decided."""
        return self.phase in ("owner", "checking") and not self.refill


def settle(own: Ownership) -> Ownership:
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
    return msgspec.structs.replace(
        own, acting=tuple(acting), done=frozenset(done), sent=sent, inputs=inputs
    )


def _later(one: h.Positions, other: h.Positions) -> h.Positions:
    return max(one[0], other[0]), max(one[1], other[1])
