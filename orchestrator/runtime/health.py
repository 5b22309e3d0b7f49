"""How a process is doing, judged by progress and not by a living task."""

from typing import Literal

import msgspec


class PartitionHealth(msgspec.Struct, frozen=True):
    """One partition: how this process stands to it, and how far it has come."""

    partition: int
    role: Literal["owner", "follower", "claiming"]
    epoch: str
    log_offset: int
    sent: int
    decided: tuple[int, int]
    ends: tuple[int, int]
    trouble: str = ""

    @property
    def lag(self) -> int:
        """Inputs that are there and not decided yet, of both topics."""
        pairs = zip(self.decided, self.ends, strict=True)
        return sum(max(0, end - max(0, decided)) for decided, end in pairs if end >= 0)


class Health(msgspec.Struct, frozen=True):
    """Ready, or why not."""

    ready: bool
    reasons: list[str]
    partitions: list[PartitionHealth]
    waiting_for_nobody: int = 0
    notes: list[str] = msgspec.field(default_factory=list[str])
