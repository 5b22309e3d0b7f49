"""What this process has decided and not yet got rid of: bounded, so that a backlog of any length is
worked off in a bounded memory.

Counted are the encoded bytes of decisions that are not in SQLite yet, and of messages that are not
acknowledged. A sick topic does not count: it holds up its own sends only (DESIGN law 3).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Container
from typing import Final

MAX_BYTES: Final = 4 * 1024 * 1024
"""Beyond it all inputs wait until half of it is done. In memory it takes some ten times that."""
LOOK_AGAIN_S: Final = 0.1


class Backlog:
    """``sick`` says which topics take nothing at the moment; ``changed`` is called when ``full``
    has changed."""

    def __init__(self, sick: Callable[[], Container[str]]) -> None:
        self._sick = sick
        self._decided = 0
        self._sending: Counter[str] = Counter()
        self.full = False
        self.changed: Callable[[], None] = lambda: None

    def decided(self, size: int) -> None:
        """So many bytes more (or, negative, fewer) are decided and not in SQLite."""
        self._decided += size
        self._judge()

    def sending(self, topic: str, size: int) -> None:
        """So many bytes more (or, negative, fewer) are on their way to this topic."""
        self._sending[topic] += size
        self._judge()

    def _judge(self) -> None:
        limit = MAX_BYTES // 2 if self.full else MAX_BYTES
        full = self._decided + sum(self._sending.values()) > limit
        if full:  # hardly ever, so only now it is asked who is sick
            full = self._moving() > limit
        if full == self.full:
            return
        self.full = full
        if full:
            # a topic may fall sick meanwhile: then no acknowledgement says so
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look_again)
        self.changed()

    def _moving(self) -> int:
        sick = self._sick()
        sending = sum(size for topic, size in self._sending.items() if topic not in sick)
        return self._decided + sending

    def _look_again(self) -> None:
        if self.full:
            self._judge()
        if self.full:
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look_again)
