"""What a saga can be told. Times are Unix milliseconds, identities come from outside (the
engine mints none).
"""

from typing import Any, Literal

import msgspec

from orchestrator.definition.nodes import Direction


class Start(msgspec.Struct, frozen=True, gc=False):
    """Begin a saga under the id that its owner minted."""

    id: str
    at: int
    saga: int
    version: str
    tenant: int
    key: str
    input: dict[str, Any]
    trace: str = ""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A participant answered one attempt; ``data`` holds the reply's fields, or code, reason
    and status.
    """

    id: str
    at: int
    step: str
    direction: Direction
    round: int
    attempt: int
    outcome: Literal["succeeded", "refused", "failed"]
    data: dict[str, Any]


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
    """Somebody tells the saga something; ``name`` says what, such as ``cancel``."""

    id: str
    at: int
    name: str
    reason: str
    by: str


Input = Start | Reply | Wake | Repair | Signal
