"""Shows the dead letters and sends them again, each once (law 8).

A letter is sent again after a mark for it stands in the topic, and only by whose mark is the first:
so at most once, whoever asks, wherever. To send it once more takes an explicit ``again``.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from heapq import nlargest
from typing import Final
from uuid import uuid4

from contracts.topics import DEAD_LETTERS, DEFAULT_TENANT, LOG
from infra.boundaries import Boundary
from infra.broker.errors import BrokerUnreachable
from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.broker.types import KafkaError, Record
from infra.clock import Clock
from infra.telemetry.metrics import Metrics
from orchestrator.admin.boundaries import REDRIVE, REDRIVE_MARK
from orchestrator.admin.letter_box import PATIENCE_S, LetterBox
from orchestrator.admin.letters import Letter, Mark, marking, place_of

TURN_S: Final = 25.0


class RedriveRefused(Exception):
    """This letter cannot be sent again."""


class DeadLetters:
    """The dead letters of one cluster; connects when first asked, ``close`` at the end."""

    def __init__(self, settings: BrokerSettings, clock: Clock, metrics: Metrics) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._topic = settings.topic(DEAD_LETTERS)
        self._senders = TopicSenders(settings, client_id="saga-redrive")
        self._one_at_a_time = asyncio.Lock()
        self._box = LetterBox(settings, self._topic, clock)

    async def page(self, tenant: int, after: int | None, limit: int, done: bool) -> list[Letter]:
        """The newest letters with an id below ``after``; those sent again only if ``done``.

        Raises BrokerError when the topic cannot be read in time.
        """
        async with self._turn():
            await self._box.refresh()
            wanted = (
                id
                for id, whose in self._box.tenants.items()
                if (after is None or id < after)
                and (done or id not in self._box.marks)
                and _visible(whose, tenant)
            )
            return await self._box.fetch(nlargest(limit, wanted))

    async def get(self, tenant: int, letter: int) -> Letter | None:
        """One letter; None when there is none of that id for this tenant. Raises BrokerError."""
        async with self._turn():
            await self._box.refresh()
            return await self._get(tenant, letter)

    async def redrive(self, tenant: int, letter: int, by: str, again: bool) -> Letter | None:
        """Send a letter to where it came from; None when there is no such letter.

        Raises RedriveRefused when it was sent already (unless ``again``), or cannot go back;
        BrokerError when the broker does not answer: then look whether it is marked before asking
        again.
        """
        async with self._turn():
            await self._box.refresh()
            found = await self._get(tenant, letter)
            if found is None:
                return None
            self._check(found, again)
            partition, offset = place_of(letter)
            mark = Mark(offset, uuid4().hex, by, self._clock.now_ms())
            await self._send(self._topic, partition, marking(mark), REDRIVE_MARK)
            await self._box.refresh()
            first = self._box.marks.get(letter)
            if not again and (first is None or first.nonce != mark.nonce):
                raise RedriveRefused(f"dead letter {letter} is being sent again by somebody else")
            await self._send(found.topic, found.partition, found.again(), REDRIVE)
            self._metrics.redriven.add(found.topic)
            return found

    async def close(self) -> None:
        """Disconnect."""
        await self._senders.close()
        await self._box.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None, None]:
        """One question at a time, as there is one consumer; aiokafka's errors become ours."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(TURN_S):
                    yield
            except (KafkaError, OSError, TimeoutError) as error:
                raise BrokerUnreachable(f"{self._topic} cannot be read: {error}") from error

    def _check(self, letter: Letter, again: bool) -> None:
        if letter.redriven is not None and not again:
            raise RedriveRefused(f"dead letter {letter.id} was sent again by {letter.redriven.by}")
        if not letter.topic or letter.partition < 0:
            raise RedriveRefused(f"dead letter {letter.id} does not say where it came from")
        if letter.topic in (self._topic, self._settings.topic(LOG)):
            raise RedriveRefused(f"nothing is sent again to {letter.topic}")

    async def _send(self, topic: str, partition: int, record: Record, boundary: Boundary) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._senders.submit(topic, partition, [record], boundary)
        except TimeoutError as error:
            raise BrokerUnreachable(f"{topic} takes nothing at the moment") from error

    async def _get(self, tenant: int, letter: int) -> Letter | None:
        if letter not in self._box.tenants or not _visible(self._box.tenants[letter], tenant):
            return None
        return next(iter(await self._box.fetch([letter])), None)


def _visible(whose: int | None, tenant: int) -> bool:
    """A message that cannot be read belongs to nobody: the operator's account sees it (law 13)."""
    return whose == tenant or (whose is None and tenant == DEFAULT_TENANT)
