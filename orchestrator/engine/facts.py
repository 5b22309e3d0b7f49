"""The facts of which a transition consists: all that is logged, and all that a state is folded
from.

A command is the fact ``Sent``, an event of the business is the fact ``Emitted``: a transition
carries its effects rendered, so that whoever holds the log can send them again (DESIGN laws 2
and 3). Times are Unix milliseconds.
"""

from typing import Any, Literal

import msgspec

from orchestrator.definition.nodes import Direction
from orchestrator.engine.inputs import Parent


class _Fact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Base of all facts: immutable, tagged by name on the wire."""


class Started(_Fact, frozen=True, tag="started"):
    """The saga exists: which definition at which version, for whom, asked for under which
    request key, until when (0: without end); ``parent`` where another saga began it, ``progress``
    where every move of its steps is told.
    """

    definition: str
    version: str
    tenant: int
    key: str
    input: dict[str, Any]
    trace: str = ""
    deadline: int = 0
    parent: Parent | None = None
    progress: bool = False


class Sent(_Fact, frozen=True, tag="sent"):
    """A command went out: one attempt of one round of one step in one direction.

    On ``saga.requests`` it is the start of a child saga; ``until`` is the deadline that is handed
    down to it: from then on, while the child runs, the child keeps it. ``child`` names the saga
    that has done what an undo is to undo, where no participant did it.
    """

    step: str
    direction: Direction
    round: int
    attempt: int
    deadline: int
    command: str
    topic: str
    data: dict[str, Any]
    until: int = 0
    child: str = ""


class Waited(_Fact, frozen=True, tag="waited"):
    """Nothing goes on at this step before a signal comes or the clock reaches ``due``; ``person``:
    somebody is waited for.
    """

    step: str
    due: int
    person: bool = False


class Succeeded(_Fact, frozen=True, tag="succeeded"):
    """The participant did it (or undid it); ``data`` are the fields of its reply."""

    step: str
    direction: Direction
    data: dict[str, Any]


class Refused(_Fact, frozen=True, tag="refused"):
    """The participant refused for a reason of the business: definite, nothing happened."""

    step: str
    direction: Direction
    code: str
    reason: str
    status: int = 409


class Faulted(_Fact, frozen=True, tag="faulted"):
    """An attempt failed or ran out of time: its outcome is unknown. It is asked again at
    ``retry_at``; 0 means given up.
    """

    step: str
    direction: Direction
    attempt: int
    cause: Literal["failed", "timeout"]
    error: str
    retry_at: int = 0


class Failing(_Fact, frozen=True, tag="failing"):
    """The saga turns: no forward work is begun any more, what is in flight settles (DESIGN law
    6). ``step`` is empty where no step is the cause.
    """

    step: str
    code: str
    reason: str
    status: int


class Late(_Fact, frozen=True, tag="late"):
    """The deadline has passed where there is no way back any more: what is left is still done."""

    committed: str


class Compensating(_Fact, frozen=True, tag="compensating"):
    """All branches are settled and undo begins; ``owed`` names the steps to undo."""

    owed: tuple[str, ...]


class Stuck(_Fact, frozen=True, tag="stuck"):
    """The policy of a step is exhausted where giving up is not allowed: a person must decide
    (DESIGN law 7).
    """

    step: str
    direction: Direction
    cause: str


class Repaired(_Fact, frozen=True, tag="repaired"):
    """An operator decided: ``retry`` and ``skip`` name the step; ``resume`` goes on with
    everything that stands still.
    """

    action: Literal["retry", "skip", "resume"]
    step: str
    direction: Direction
    request: str
    reason: str
    by: str


class Signalled(_Fact, frozen=True, tag="signalled"):
    """Somebody told the saga something, and it applies: ``signal`` names what, ``id`` is its
    identity, ``data`` what it carried, ``changes`` the fields of the input that it replaces.
    """

    signal: str
    id: str
    by: str
    reason: str
    data: dict[str, Any] = {}
    changes: dict[str, Any] = {}


class Halted(_Fact, frozen=True, tag="halted"):
    """The saga turns while a child runs: the child is told to stop, and settles by its own end."""

    step: str
    round: int
    reason: str


class SignalRefused(_Fact, frozen=True, tag="signal_refused"):
    """Somebody told the saga something that does not apply any more, or not to it; ``why``
    answers them.
    """

    signal: str
    id: str
    by: str
    reason: str
    why: str


class SignalHeld(_Fact, frozen=True, tag="signal_held"):
    """Somebody told the saga something that cannot be decided yet: once ``step`` has settled, or
    by the child saga that runs there, which is told now.
    """

    signal: str
    id: str
    by: str
    reason: str
    step: str
    round: int
    data: dict[str, Any] = {}

    def refused(self, why: str) -> SignalRefused:
        """The decision that it does not apply."""
        return SignalRefused(self.signal, self.id, self.by, self.reason, why)


class Moved(_Fact, frozen=True, tag="moved"):
    """The saga goes on by another version of its definition, which stands in the log before this;
    ``request`` is the identity of what an operator asked for.
    """

    version: str
    request: str
    reason: str
    by: str


class MoveRefused(_Fact, frozen=True, tag="move_refused"):
    """An operator wanted the saga to go on by another version, and it cannot; ``why`` answers."""

    version: str
    request: str
    reason: str
    by: str
    why: str


class Emitted(_Fact, frozen=True, tag="emitted"):
    """An event of the business: ``id`` is stable, ``key`` keys it on its topic."""

    id: str
    event: str
    topic: str
    key: str
    data: dict[str, Any]


class Completed(_Fact, frozen=True, tag="completed"):
    """The end: everything was done; ``result`` answers the parent of a child."""

    result: dict[str, Any] = {}


class Failed(_Fact, frozen=True, tag="failed"):
    """The end: nothing is left of what was done; ``undone`` names what was compensated,
    ``skipped`` what an operator wrote off.
    """

    code: str
    reason: str
    status: int
    undone: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


class Parked(_Fact, frozen=True, tag="parked"):
    """A decision could not be made (the engine raised, or it was too large): the saga waits for
    an operator (laws 1, 7).
    """

    error: str


class Ignored(_Fact, frozen=True, tag="ignored"):
    """An input did not apply: late, duplicate or out of place; nothing changes (DESIGN law 1)."""

    why: str


Fact = (
    Started
    | Sent
    | Waited
    | Succeeded
    | Refused
    | Faulted
    | Failing
    | Late
    | Compensating
    | Stuck
    | Repaired
    | Signalled
    | SignalRefused
    | SignalHeld
    | Halted
    | Moved
    | MoveRefused
    | Emitted
    | Completed
    | Failed
    | Parked
    | Ignored
)


class Transition(msgspec.Struct, frozen=True, gc=False):
    """One decision: the ``number``-th of its saga (from 1), caused by the input of that id, at
    that time.
    """

    saga: int
    number: int
    at: int
    input: str
    facts: tuple[Fact, ...]
