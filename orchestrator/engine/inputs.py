"""What a saga can be told. Times are Unix milliseconds, identities come from outside (the
engine mints none).
"""

from typing import Any, Literal

import msgspec

from orchestrator.definition.nodes import Direction


class Parent(msgspec.Struct, frozen=True, gc=False):
    """The saga that began a child: which step of it, in which round, waits for the child's end."""

    saga: int
    step: str
    round: int


class Start(msgspec.Struct, frozen=True, gc=False):
    """Begin a saga under the id that its owner minted.

    Of a child, ``parent`` says who waits for it, and ``until`` when its parent's deadline is (0: it
    has none, or keeps it itself).
    """

    id: str
    at: int
    saga: int
    version: str
    tenant: int
    key: str
    input: dict[str, Any]
    trace: str = ""
    parent: Parent | None = None
    until: int = 0


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A participant answered one attempt; ``data`` holds the reply's fields, or code, reason
    and status. A child saga has ``answered`` when it has decided a signal that was handed on to it:
    ``data`` holds its ``signal`` (the id) and ``why`` it was refused, empty where it was applied.
    Its end names all that it has ``applied``.
    """

    id: str
    at: int
    step: str
    direction: Direction
    round: int
    attempt: int
    outcome: Literal["succeeded", "refused", "failed", "answered"]
    data: dict[str, Any]
    applied: tuple[str, ...] = ()


class Wake(msgspec.Struct, frozen=True, gc=False):
    """The clock passed the saga's wake-up: deadlines and pauses up to ``at`` are over."""

    id: str
    at: int


class Repair(msgspec.Struct, frozen=True, gc=False):
    """An operator's request (DESIGN law 7); ``step`` may be empty where only one step stands
    still.
    """

    id: str
    at: int
    action: Literal["retry", "skip", "resume"]
    step: str
    reason: str
    by: str


class Signal(msgspec.Struct, frozen=True, gc=False):
    """Somebody tells the saga something; ``name`` says what, such as ``cancel``, and ``data`` holds
    the fields of its contract.
    """

    id: str
    at: int
    name: str
    reason: str
    by: str
    data: dict[str, Any] = {}


class Move(msgspec.Struct, frozen=True, gc=False):
    """An operator's request: go on by another version of the definition (engine/moving.py)."""

    id: str
    at: int
    version: str
    reason: str
    by: str


Input = Start | Reply | Wake | Repair | Signal
