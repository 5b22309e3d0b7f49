"""A definition as data: a tree of nodes that serialises to canonical JSON, whose hash is its
version.

The typed builder, step functions and documents all compile to these nodes (DESIGN, "One
definition, three ways to write it"). A *source* is a dotted path into the saga's data:
``input.user_id``, ``product.amount`` (a field of the reply of step ``product``), or a fact
about the saga itself: ``saga.id``, ``saga.key``, ``saga.tenant``, ``saga.reason``,
``saga.code``, ``saga.status``, ``saga.undone``.
"""

from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

Kind = Literal["compensatable", "pivot", "retriable", "read"]
Direction = Literal["do", "undo"]

NO_ANSWER: Final = 504
"""The HTTP-like status of a saga that failed because a participant's outcome stayed unknown."""


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


class Parallel(msgspec.Struct, frozen=True, tag="parallel"):
    """Branches that run at the same time; each is a sequence of nodes."""

    branches: tuple[tuple["Node", ...], ...]


Node = Step | Parallel


class Emit(msgspec.Struct, frozen=True):
    """An event of the business: its type, topic, the source of its key, and its fields (field
    -> source).
    """

    event: str
    topic: str
    key: str
    fields: dict[str, str]


class Definition(msgspec.Struct, frozen=True):
    """What a saga is: its name, the JSON schema of its input, its nodes, the events of start and
    outcomes, and the time that it may take (``deadline_ms``).

    What a saga does not use is not in its JSON, so that its version stays what it was.
    """

    name: str
    input: dict[str, Any]
    body: tuple[Node, ...]
    started: tuple[Emit, ...] = ()
    completed: tuple[Emit, ...] = ()
    failed: tuple[Emit, ...] = ()
    deadline_ms: int | msgspec.UnsetType = msgspec.UNSET

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
