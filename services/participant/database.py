"""The database of a participant: opened by one process, with its tables and seed data."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.envelope import explain
from infra.boundaries import Boundary
from infra.datastore import FolderLock, migrate, open_database, refuse_newer, transaction
from services.participant import inbox
from services.participant.boundaries import MIGRATE, SEED, WRITE
from services.participant.errors import SeedError, StorageFault
from services.participant.participant import Participant


class Database:
    """The one writing connection of a service, and a read-only one beside it.

    ``writer`` may be used by whoever holds ``turn``. Raises DatastoreError (in use, cannot be
    opened, newer schema) or SeedError; then everything is closed again.
    """

    def __init__(self, participant: Participant, folder: Path, seed: Any = None) -> None:
        self.turn = asyncio.Lock()
        # The lock's file says which process has it; it needs a folder of its own for each service.
        self._lock = FolderLock(folder / f".{participant.name}")
        self._lock.acquire()
        try:
            file = folder / participant.database
            self.writer = open_database(file)
            try:
                self._prepare(participant, seed)
                self.reader = open_database(file, readonly=True)
            except BaseException:
                self.writer.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self, participant: Participant, seed: Any) -> None:
        refuse_newer(self.writer, participant.package)
        inbox.refuse_newer(self.writer)
        migrate(self.writer, participant.package, MIGRATE)
        inbox.prepare(self.writer)
        if seed is not None and participant.seed is not None:
            try:
                with transaction(self.writer, SEED):
                    participant.seed(self.writer, seed)
            except ValidationError as error:
                raise SeedError(f"seed data of {participant.name}: {explain(error)}") from error
            except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
                reason = f"{type(error).__name__}: {error}"
                raise SeedError(f"seed data of {participant.name}: {reason}") from error

    @property
    def member(self) -> str:
        """The name of this database in its consumer group."""
        return inbox.member(self.writer)

    @asynccontextmanager
    async def writing(self, boundary: Boundary = WRITE) -> AsyncIterator[sqlite3.Connection]:
        """One write transaction of its own, between those of the commands.

        Raises StorageFault when the database cannot be written; then nothing was.
        """
        async with self.turn:
            try:
                with transaction(self.writer, boundary):
                    yield self.writer
            except sqlite3.Error as error:
                if inbox.unusable(error):
                    raise StorageFault(f"the database cannot be written: {error}") from error
                raise

    def close(self) -> None:
        """Close the connections and let another process open the file."""
        self.reader.close()
        self.writer.close()
        self._lock.release()
