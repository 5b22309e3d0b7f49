"""What all partitions of a process share, as they see it; ``house.House`` is it."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from infra.clock import Clock
from orchestrator.runtime import happenings as h
from orchestrator.runtime.adoption import Adopter
from orchestrator.runtime.counting import Counting
from orchestrator.runtime.decisions import Decided
from orchestrator.runtime.effects import Effects
from orchestrator.runtime.log_writer import LogWriter
from orchestrator.runtime.messages import Outgoing, Refused
from orchestrator.runtime.outstanding import Outstanding
from orchestrator.runtime.spans import SagaSpans
from orchestrator.sagalog.store import SagaLog

REQUESTS, REPLIES = 0, 1
"""Places of the two inputs in ``Positions``."""

NEVER: Final = 1 << 62
"""A time that does not come."""


class Inputs(Protocol):
    """Where inputs come from, for one partition."""

    async def open(self, partition: int, start: h.Positions) -> h.Positions: ...
    def close(self, partition: int) -> None: ...
    def hold(self, partition: int, source: int, held: bool) -> None: ...


class Services(Protocol):
    """What all partitions of a process share."""

    clock: Clock
    counting: Counting
    outstanding: Outstanding
    spans: SagaSpans | None
    log: SagaLog
    writer: LogWriter
    adopter: Adopter
    effects: Effects
    inputs: Inputs
    owner: str

    def commit(self, partition: Any, spans: Sequence[h.Span]) -> None: ...
    def fresh_id(self) -> str: ...
    def pause_s(self) -> float: ...
    def refused(self, refusals: Sequence[Refused], /) -> None: ...
    def set_aside(self, partition: int, reason: str) -> None: ...
    def follow(self, partition: int) -> None: ...
    def unfollow(self, partition: int) -> None: ...
    def render(self, decided: Decided, attempts: bool) -> list[Outgoing]: ...
