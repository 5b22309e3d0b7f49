"""Lines of third-party clients, kept few: a broker that is away makes them say the same for
ever.
"""

import logging
from typing import Final

from infra.clock import Clock

CHATTY: Final = ("aiokafka", "asyncio", "faststream", "httpx", "httpcore", "uvicorn")
EVERY_S: Final = 30.0


class FewLines(logging.Filter):
    """For a handler: of clients' lines that differ only in their arguments, one in 30 s.

    That one says how many were left out since the last. Lines below ``least`` (a level of logging)
    are
    left out altogether. Lines of our own pass.
    """

    def __init__(self, clock: Clock, least: int = logging.NOTSET) -> None:
        super().__init__()
        self._clock = clock
        self._least = least
        self._told: dict[tuple[str, object], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; adds to it what was not."""
        if record.name.partition(".")[0] not in CHATTY:
            return True
        if record.levelno < self._least:
            return False
        key, now = (record.name, record.msg), self._clock.monotonic()
        last, left_out = self._told.get(key, (now - EVERY_S, 0))
        if now - last < EVERY_S:
            self._told[key] = (last, left_out + 1)
            return False
        self._told[key] = (now, 0)
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} lines like this one)"
            record.args = ()
        return True
