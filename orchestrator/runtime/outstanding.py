"""How much is out with the participants and not answered yet: what the embedded broker must hold.

It drops the oldest beyond 5 MiB a partition, so the intake waits while too much is unread.
"""

from math import inf
from typing import Final

from contracts.topics import REQUESTS
from orchestrator.engine.facts import Faulted, Refused, Sent, Succeeded
from orchestrator.runtime.decisions import Decided

EMBEDDED_BYTES: Final = 2 * 1024 * 1024
ENVELOPE_BYTES: Final = 700


class Outstanding:
    """Bytes of commands without an outcome, of this process's partitions; ``limit`` inf:
    unbounded.
    """

    def __init__(self, limit: float = inf) -> None:
        self.limit = limit
        self._bytes = 0
        self._sizes: dict[tuple[int, str], int] = {}

    @property
    def full(self) -> bool:
        """Whether no saga should be begun now."""
        return self._bytes > self.limit

    def committed(self, decided: Decided) -> None:
        """A transition stands in the log: its commands go out, its outcomes have come in."""
        if self.limit == inf:
            return
        size = len(decided.sealed.facts) + ENVELOPE_BYTES
        for fact in decided.sealed.transition.facts:
            if isinstance(fact, (Sent, Succeeded, Refused, Faulted)):
                place = (decided.state.saga, fact.step)
                self._bytes -= self._sizes.pop(place, 0)
                # The start of a child waits for the very intake that would wait for it.
                if isinstance(fact, Sent) and fact.topic != REQUESTS:
                    self._sizes[place] = size
                    self._bytes += size
