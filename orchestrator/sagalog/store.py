"""The writer of the saga log: one SQLite transaction for many appends (DESIGN law 2)."""

import sqlite3
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Self

from contracts.topics import PARTITION_BITS, saga_id
from infra.boundaries import Boundary
from infra.datastore import DatastoreError, migrate, open_database, transaction
from infra.logging import get_logger
from orchestrator.sagalog.aside import copy_partition, free_name, remove
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.boundaries import COMMIT, DISPLACE, FORGET, HOME, MIGRATE
from orchestrator.sagalog.errors import LogConflict, LogWriteFailed
from orchestrator.sagalog.lookups import PACKAGE, SQL, Lookups, rollout_of
from orchestrator.sagalog.records import unseal
from orchestrator.sagalog.rows import Held, HeldDefinition, HeldRollout, HeldTransition, SagaRow

PAGE = 1_000
DISPLACED = 2**52  # offsets from here on say: not in the topic now (see schema.sql)
_NEVER = 2**63 - 1

_PUT_TRANSITION = SQL["put_transition"]
_PUT_SAGA = SQL["put_saga"]
_PUT_PARTITION = SQL["put_partition"]
_PUT_DEFINITION = SQL["put_definition"]
_PUT_PLACE = SQL["put_definition_place"]
_PUT_ROLLOUT = SQL["put_rollout"]
_DISPLACE = [SQL["displace_transitions"], SQL["displace_definitions"], SQL["displace_rollouts"]]
_FORGET = [
    SQL["forget_sagas"],
    SQL["forget_transitions"],
    SQL["forget_definition_places"],
    SQL["forget_rollouts"],
    SQL["forget_partition"],
]


class SagaLog(Lookups):
    """The one writing connection to the file (see infra.datastore), and what a runtime asks it.

    Nothing is loaded when it is opened; what may be many comes lazily, in pages, so that commits go
    on meanwhile.
    """

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.file = file

    @classmethod
    def open(cls, file: str | PathLike[str]) -> Self:
        """Open or make the file, and migrate it; raises NewerSchema or DatabaseNotOpened."""
        connection = open_database(file)
        try:
            migrate(connection, PACKAGE, MIGRATE)
        except BaseException:
            connection.close()
            raise
        return cls(Path(file), connection)

    def commit(self, batch: Batch, boundary: Boundary = COMMIT) -> None:
        """Write the batch, whole and on the disk, or nothing of it.

        A transition that is there already with the same content only gets its new offset. Raises
        LogConflict when it is there with another content, or another saga has its request key;
        LogWriteFailed when the disk is full or fails.
        """
        try:
            with self._lock, transaction(self._connection, boundary):
                self._write(batch)
        except sqlite3.IntegrityError as error:
            raise LogConflict(f"the saga log holds something else already: {error}") from error
        except sqlite3.Error as error:
            raise LogWriteFailed(f"the saga log cannot be written: {error}") from error

    def _write(self, batch: Batch) -> None:
        many = self._connection.executemany
        if batch.transitions:
            if many(_PUT_TRANSITION, batch.transitions).rowcount != len(batch.transitions):
                raise LogConflict(self._conflict(batch))
            many(_PUT_SAGA, batch.rows())
        if batch.definitions:
            if many(_PUT_DEFINITION, batch.definitions).rowcount != len(batch.definitions):
                raise LogConflict("a definition of this version is there with another content")
            many(_PUT_PLACE, batch.places)
        rollouts = batch.rollouts
        if rollouts and many(_PUT_ROLLOUT, rollouts).rowcount != len(rollouts):
            raise LogConflict("a rollout of this number is there with another content")
        if batch.facts:
            many(_PUT_PARTITION, batch.partition_rows())

    def _conflict(self, batch: Batch) -> str:
        for saga, number, at, caused_by, facts, _ in batch.transitions:
            if self._all("conflicting_transition", (saga, number, at, caused_by, facts)):
                return f"saga {saga} has another transition {number} already"
        return "the batch has two transitions under one number"

    def due(self, partition: int, now_ms: int, limit: int) -> list[tuple[int, int]]:
        """The sagas whose wake-up has come: (saga, wake_at), the earliest first."""
        return self._all("due", (partition, now_ms, limit))

    def next_wake(self, partition: int) -> int | None:
        """When the next saga of the partition wants to be woken (Unix milliseconds)."""
        return self._all("next_wake", (partition,))[0][0]

    def open_sagas(self, partition: int) -> Iterator[SagaRow]:
        """The sagas of the partition that have not ended, by id, each as it is when its turn comes.

        Only their ids are held meanwhile; those that end before their turn are left out.
        """
        for (saga,) in self._all("open_sagas", {"partition": partition}):
            row = self.saga(saga)
            if row is not None and row.status not in ("completed", "failed"):
                yield row

    def last_sequence(self, partition: int) -> int:
        """The highest sequence a saga of this partition was minted with; 0 when there is none."""
        found = self._all("last_saga", (partition,))[0][0]
        return 0 if found is None else found >> PARTITION_BITS

    def oldest_open(self, partition: int) -> int:
        """The lowest id of a saga of this partition that is open; when there is none, that of the
        next one to begin.
        """
        found: int | None = self._all("oldest_open", {"partition": partition})[0][0]
        return saga_id(self.last_sequence(partition) + 1, partition) if found is None else found

    def versions(self, partition: int) -> set[str]:
        """The versions of the definitions that stand in the partition's log."""
        return {version for (version,) in self._all("versions", (partition,))}

    def suffix(self, partition: int, from_offset: int) -> Iterator[Held]:
        """What the file holds of the partition's log from this offset on, in its order (law 3)."""
        others = self._others(partition, from_offset, DISPLACED)
        for held in self._transitions(partition, from_offset, DISPLACED):
            while others and others[0].offset < held.offset:
                yield others.pop(0)
            yield held
        yield from others

    def settle(self, embedded: bool) -> None:
        """Say on which kind of broker the log of this file is; raises LogWriteFailed."""
        if self.home() != embedded:
            self._change([SQL["settle"]], (int(embedded),), HOME)

    def displace(self, partition: int, from_offset: int) -> None:
        """Say that what stood at this offset and after it is not in the topic any more (law 14).

        Each is ``displaced`` until it is committed again, with the offset it was appended at. So
        filling the topic again can stop and go on at any point.
        """
        self._change(_DISPLACE, (partition, from_offset), DISPLACE)

    def displaced(self, partition: int) -> Iterator[Held]:
        """What must be appended again: definitions and rollouts, then the transitions in their
        order.
        """
        yield from self._others(partition, DISPLACED, _NEVER)
        yield from self._transitions(partition, DISPLACED, _NEVER)

    def set_aside(self, partition: int, now_ms: int, why: str) -> Path:
        """Move a partition into a file of its own beside this one, and say so (law 14).

        That file is a saga log too; its name has the time in it. Raises LogWriteFailed, and then
        everything is still here.
        """
        aside = free_name(self.file, partition, now_ms)
        try:
            SagaLog.open(aside).close()
            with self._lock:
                copy_partition(self._connection, partition, aside)
        except (sqlite3.Error, DatastoreError) as error:
            remove(aside)
            raise LogWriteFailed(f"cannot copy to {aside}: {error}") from error
        self.forget(partition)
        get_logger(__name__).warning(
            "partition set aside", partition=partition, kept_as=str(aside), why=why
        )
        return aside

    def forget(self, partition: int) -> None:
        """Take a partition out of the file, in one transaction; raises LogWriteFailed."""
        self._change(_FORGET, (partition,), FORGET)

    def _others(self, partition: int, first: int, end: int) -> list[HeldDefinition | HeldRollout]:
        """The definitions and rollouts, in the order of the log; they are few."""
        found = self._all("definitions_from", (partition, first, end))
        rules = self._all("rollouts_from", (partition, first, end))
        held: list[HeldDefinition | HeldRollout] = [
            HeldDefinition(offset, version, body.encode()) for offset, version, body in found
        ]
        held += [HeldRollout(offset, number, rollout_of(body)) for offset, number, body in rules]
        return sorted(held, key=lambda one: one.offset)

    def _transitions(self, partition: int, first: int, end: int) -> Iterator[HeldTransition]:
        while page := self._all("transitions_from", (partition, first, end, PAGE)):
            yield from (HeldTransition(offset, unseal(*row)) for offset, *row in page)
            first = page[-1][0] + 1

    def _change(
        self, statements: list[str], parameters: tuple[int, ...], boundary: Boundary
    ) -> None:
        try:
            with self._lock, transaction(self._connection, boundary):
                for statement in statements:
                    self._connection.execute(statement, parameters)
        except sqlite3.Error as error:
            raise LogWriteFailed(f"the saga log cannot be written: {error}") from error
