"""What a handler is given to work with."""

import sqlite3
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Work:
    """One command or event being handled, inside its savepoint of the participant's transaction.

    - ``db``: the participant's database. What is written here is kept if, and only if, the handler
      returns.
    - ``tenant``: the account in whose name everything is done; part of every query.
    - ``saga``: the saga that asks; 0 for an event of no saga.
    - ``now``: the participant's clock, in Unix milliseconds.
    - ``message``: the envelope as received, for what else a handler may need of it.
    - ``flaky``: the seed of flaky calls (``services.participant.flaky``), None where they are off.
    """

    db: sqlite3.Connection
    tenant: int
    saga: int
    now: int
    message: Mapping[str, Any]
    flaky: int | None = None
    woken: list[Hashable] = field(default_factory=list[Hashable])

    def wake(self, subject: Hashable) -> None:
        """Wake who waits for this subject in this process, once the transaction is committed."""
        self.woken.append(subject)
