"""Reads the partitions of others after their owners, so that this file knows every saga."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from infra.broker.types import KafkaError
from infra.logging import get_logger
from orchestrator.runtime.adoption import CONTRADICTIONS, Adopter, Records
from orchestrator.runtime.errors import LogGap
from orchestrator.runtime.log_reader import LogReader
from orchestrator.runtime.tasks import end_all
from orchestrator.sagalog.errors import SagaLogError

RETRY_S: Final = 0.5
_log = get_logger(__name__)


class Following:
    """One task per partition that is not ours. ``set_aside`` is called when the file
    contradicts.
    """

    def __init__(
        self, reader: LogReader, adopter: Adopter, set_aside: Callable[[int, str], None]
    ) -> None:
        self._reader = reader
        self._adopter = adopter
        self._set_aside = set_aside
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.trouble: dict[int, str] = {}
        self.behind: set[int] = set()  # not yet read up to where the log ended at the beginning

    def begin(self, partition: int) -> None:
        """Follow the partition from where the file ends."""
        self.end(partition)
        self.behind.add(partition)
        self._tasks[partition] = asyncio.create_task(
            self._follow(partition), name=f"follow-{partition}"
        )

    def end(self, partition: int) -> None:
        """Follow it no more."""
        task = self._tasks.pop(partition, None)
        if task is not None:
            task.cancel()
        self.trouble.pop(partition, None)
        self.behind.discard(partition)

    async def stop(self) -> None:
        """Follow nothing."""
        tasks = list(self._tasks.values())
        for partition in list(self._tasks):
            self.end(partition)
        await end_all(tasks)

    async def _follow(self, partition: int) -> None:
        while True:
            try:
                await self._once(partition)
            except (KafkaError, LogGap, SagaLogError, OSError) as error:
                if self.trouble.get(partition) != str(error):
                    _log.warning("cannot follow", partition=partition, error=str(error))
                self.trouble[partition] = str(error)
                await asyncio.sleep(RETRY_S)

    async def _once(self, partition: int) -> None:
        file = self._adopter.mark(partition)
        found = await self._adopter.compare(partition, file)
        while not found.log or (file and file.log == found.log and found.end <= file.offset):
            # Empty, or shorter than our file: whoever is assigned will fill it.
            self.behind.discard(partition)
            await asyncio.sleep(RETRY_S)
            found = await self._adopter.compare(partition, file)
        if file and not found.matches:
            self._set_aside(partition, "the topic holds another record at the file's last offset")
            file = None
        start = found.first if file is None else file.offset + 1
        if start >= found.end:
            self.behind.discard(partition)
        async with contextlib.aclosing(self._reader.stream(partition, start)) as stream:
            async for records in stream:
                await self._take(partition, [(r.offset, r.value) for r in records])
                self.trouble.pop(partition, None)
                if records[-1].offset >= found.end - 1:
                    self.behind.discard(partition)

    async def _take(self, partition: int, records: Records) -> None:
        try:
            await self._adopter.take(partition, records)
        except CONTRADICTIONS as error:
            self._set_aside(partition, str(error))
            raise
