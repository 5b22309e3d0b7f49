"""What a running participant offers to its own code: a background job, a front door over its
database.
"""

import sqlite3
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from infra.broker.types import Record
from infra.clock import Clock
from services.participant.waiters import Waiters


class Running(Protocol):
    """A participant that has been started."""

    clock: Clock

    @property
    def waiters(self) -> Waiters:
        """Who waits for a change in this process."""
        raise NotImplementedError

    @property
    def reader(self) -> sqlite3.Connection:
        """A read-only connection to its database: sees what is committed, never waits for the
        writer.
        """
        raise NotImplementedError

    def writing(self) -> AbstractAsyncContextManager[sqlite3.Connection]:
        """One write transaction on its database, between the batches of commands.

        Raises StorageFault when the database cannot be written.
        """
        raise NotImplementedError

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic (named without prefix) has; asks until it is told."""
        raise NotImplementedError

    async def publish(self, topic: str, partition: int, record: Record) -> None:
        """Publish to a topic (named without prefix); returns when the broker has acknowledged it.

        It is sent again until then, and goes on when whoever called is cancelled.
        """
        raise NotImplementedError
