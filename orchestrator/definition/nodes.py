"""A definition as data: a tree of nodes that serialises to canonical JSON, whose hash is its
version.

The typed builder, step functions and documents all compile to these nodes (DESIGN, "One
definition, three ways to write it"). A *source* is a dotted path into the saga's data:
``input.user_id``, ``product.amount`` (a field of the reply of step ``product``), or a fact
about the saga itself: ``saga.id``, ``saga.key``, ``saga.tenant``, ``saga.reason``,
``saga.code``, ``saga.status``, ``saga.undone``. An event that a signal tells may also be filled
from that signal: ``signal.id``, ``signal.by``, ``signal.reason``, ``signal.at`` (Unix
milliseconds) and the fields of its data.

What a definition does not use is not in its JSON, so that its version stays what it was.
"""

from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

Kind = Literal["compensatable", "pivot", "retriable", "read"]
Direction = Literal["do", "undo"]

NO_ANSWER: Final = 504
"""The HTTP-like status of a saga that failed because a participant's outcome stayed unknown."""


REJECTED: Final = "rejected"
"""The code of a wait that came to a no, or to nothing."""

REJECTED_STATUS: Final = 409
"""The HTTP-like status of a wait that was refused."""


class Retry(msgspec.Struct, frozen=True):
    """When a round is asked again: ``attempts`` in all (0: without end), capped exponential
    backoff in ms.
    """

    attempts: int = 3
    initial_ms: int = 1_000
    maximum_ms: int = 10_000
    coefficient: float = 2.0

    def delay_ms(self, attempt: int) -> int:
        """How long to wait after this attempt (from 1) before the next one, in milliseconds."""
        # Exponents past 64 would overflow a float long after the cap has been reached.
        return int(min(self.maximum_ms, self.initial_ms * self.coefficient ** min(attempt - 1, 64)))

    def exhausted(self, attempt: int) -> bool:
        """Whether this attempt (from 1) was the last one."""
        return 0 < self.attempts <= attempt


class Call(msgspec.Struct, frozen=True):
    """One command: where it goes, how its fields are filled (field -> source), what its reply
    must carry.
    """

    command: str
    topic: str
    fields: dict[str, str]
    reply: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True, tag="step"):
    """A command to a participant, with the command that undoes it (Garcia-Molina 1987;
    Richardson 2018).

    With ``child`` it is another saga of that name: ``do`` is its start (on ``saga.requests``, the
    command is its name), the reply its result, a refusal its failure. It is asked until it has
    ended, so its outcome never stays unknown.
    """

    name: str
    kind: Kind
    do: Call
    undo: Call | None
    timeout_ms: int
    retry: Retry
    undo_timeout_ms: int
    undo_retry: Retry
    refusals: dict[str, int]
    child: str | msgspec.UnsetType = msgspec.UNSET


class Wait(msgspec.Struct, frozen=True, tag="wait"):
    """Nothing goes on here until a signal comes or the time is over, whichever is first.

    - ``signal``: its name; empty: only time counts. ``required`` names the fields it must carry.
    - ``accepts``: the field of the signal that must be true; if it is not, the step is refused
      with the code ``rejected``. Empty: every signal of that name is a yes.
    - ``expires``: what the step comes to when the time is over: ``done`` with ``data`` as its
      reply, or ``refused`` (code ``rejected`` too).
    - ``person``: somebody is waited for, so the deadline of the saga stands still meanwhile.
    """

    name: str
    signal: str
    required: tuple[str, ...]
    timeout_ms: int
    expires: Literal["done", "refused"]
    data: dict[str, Any]
    refusals: dict[str, int]
    accepts: str = ""
    person: bool = False

    @property
    def kind(self) -> Kind:
        """It has no effect, so there is nothing to undo."""
        return "read"


class Parallel(msgspec.Struct, frozen=True, tag="parallel"):
    """Branches that run at the same time; each is a sequence of nodes."""

    branches: tuple[tuple["Node", ...], ...]


Leaf = Step | Wait
Node = Leaf | Parallel


class Emit(msgspec.Struct, frozen=True):
    """An event of the business: its type, topic, the source of its key, and its fields (field
    -> source).
    """

    event: str
    topic: str
    key: str
    fields: dict[str, str]


class Change(msgspec.Struct, frozen=True):
    """A signal that changes the input of a running saga.

    ``fields``: field of the input -> field of the signal; ``required`` names the fields that the
    signal must carry. It is applied until the step ``redo`` is commanded. While that step is in
    flight the signal is held; once it is done the change is applied, and the step is done again in
    a new round (DESIGN law 4). Of a child the signal is handed on, and the child decides. After
    that it is refused. ``told`` are the events of its application.
    """

    signal: str
    required: tuple[str, ...]
    fields: dict[str, str]
    redo: str
    told: tuple[Emit, ...] = ()


class Definition(msgspec.Struct, frozen=True):
    """What a saga is: its name, the JSON schema of its input, its nodes, the events of start and
    outcomes, the time that it may take (``deadline_ms``), the signals that change it, what it
    answers whoever started it as a child (``result``: field -> source), and whether it tells every
    move of its steps (``progress``).
    """

    name: str
    input: dict[str, Any]
    body: tuple[Node, ...]
    started: tuple[Emit, ...] = ()
    completed: tuple[Emit, ...] = ()
    failed: tuple[Emit, ...] = ()
    deadline_ms: int | msgspec.UnsetType = msgspec.UNSET
    changes: tuple[Change, ...] | msgspec.UnsetType = msgspec.UNSET
    result: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    progress: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def time_ms(self) -> int:
        """The time from its start that the saga may take, in milliseconds; 0: without end."""
        return self.deadline_ms or 0


def canonical(definition: Definition) -> bytes:
    """The canonical JSON of a definition: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(definition, order="sorted")


def parse(raw: bytes) -> Definition:
    """Read a definition back from JSON; raises msgspec.ValidationError naming the wrong place."""
    return msgspec.json.decode(raw, type=Definition)


def version(definition: Definition) -> str:
    """The version of a definition: the first 16 hex digits of the SHA-256 of its canonical JSON."""
    return sha256(canonical(definition)).hexdigest()[:16]
