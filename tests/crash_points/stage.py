"""One case's world: its topics on the shared Kafka, its data folder, its processes."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import httpx

from contracts.topics import DEAD_LETTERS, DEFAULT_TENANT, REQUESTS
from infra.boundaries import CRASH_AT
from infra.broker.clients import make_consumer
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import TopicPartition
from infra.datastore import DatastoreError, open_database
from orchestrator.engine.facts import Succeeded
from orchestrator.runtime.door import FrontDoor
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow
from tests.brokers import unique_prefix
from tests.crash_points.nursery import Nursery, Process

Direction = Literal["forward", "undo"]
USERS: Final = {"forward": 9, "undo": 2}  # of the seed: one never runs out, one is short of money
QUANTITY: Final = {"forward": 1, "undo": 1_000}
PRODUCT: Final = 9
SAGAS: Final = 3
PARTITIONS: Final = 2
NAME: Final = "order-fulfillment"
PATIENCE_S: Final = 120.0
POLL_S: Final = 0.03
OTHERS: Final = ("product", "inventory", "shipping", "orders")
"""The services but payment, which decides in which direction a saga goes."""


class NotInTime(AssertionError):
    """Something did not come about."""


class BrokerAway(Exception):
    """A process could not use the broker: nothing was shown, the case is played again."""


@dataclass
class Stage:  # pylint: disable=too-many-public-methods  # all that a scenario can do
    """Processes are known by their role: there is one of each at a time."""

    nursery: Nursery
    broker: BrokerSettings
    folder: Path
    direction: Direction
    processes: dict[str, Process] = field(default_factory=dict[str, Process])
    began: list[Process] = field(default_factory=list[Process])
    prefixes: list[str] = field(default_factory=list[str])
    overrides: str = "{}"

    def __post_init__(self) -> None:
        self.prefixes.append(self.broker.topic_prefix)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def file(self) -> Path:
        """The saga log."""
        return self.data / "saga.db"

    def move(self) -> None:
        """From now on the broker is one that has lost everything."""
        prefix = unique_prefix()
        self.broker = self.broker.model_copy(update={"topic_prefix": prefix})
        self.prefixes.append(prefix)

    # ---------------------------------------------------------------------------- processes

    def begin(self, role: str, words: list[str], point: str = "") -> Process:
        """Begin `saga WORDS`, armed with this point if it is named."""
        prefix = self.broker.topic_prefix
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SAGA_DATA": str(self.data),
            "SAGA_HTTP_PORT": "0",
            "SAGA_OVERRIDES": self.overrides,
            "SAGA_LOG_FORMAT": "console",
            "SAGA_PARTITIONS": str(PARTITIONS),
            "SAGA_GROUP": f"{prefix}orchestrator",
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.address,
            "KAFKA_TOPIC_PREFIX": prefix,
        }
        if point:
            env[CRASH_AT] = point
        process = self.nursery.begin(words, env, self.folder)
        self.processes[role] = process
        self.began.append(process)
        return process

    def orchestrator(self, point: str = "") -> Process:
        """`saga orchestrator`."""
        return self.begin("orchestrator", ["orchestrator"], point)

    def services(self, *names: str, role: str = "services", point: str = "") -> Process:
        """`saga service NAMES`."""
        return self.begin(role, ["service", *names], point)

    async def stop(self, role: str) -> None:
        """Ask a process to end, and wait until it has."""
        process = self.processes.pop(role)
        await process.signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            code = await process.code
        _see_the_broker(code, process.said)
        # One that has said nothing has not come so far as to listen: the signal itself ends it.
        expected = (0,) if process.said else (0, -signal.SIGTERM)
        assert code in expected, f"{role} ended with {code}:\n{process.said[-2000:]}"

    async def died(self, role: str, point: str) -> None:
        """Wait until the process has ended itself, and see that it was there and by SIGKILL."""
        process = self.processes.pop(role)
        name = ":".join(point.split(":")[:2])
        try:
            async with asyncio.timeout(PATIENCE_S):
                code = await process.code
        except TimeoutError:
            raise NotInTime(f"never at {point}:\n{process.said[-2000:]}") from None
        _see_the_broker(code, process.said)
        assert code == -signal.SIGKILL, f"{role}: {code}, not by SIGKILL:\n{process.said[-2000:]}"
        assert f"killed at {name}\n" in process.said, process.said[-2000:]

    async def done(self, role: str) -> str:
        """Wait for a command that must succeed; what it said."""
        process = self.processes.pop(role)
        async with asyncio.timeout(PATIENCE_S):
            code = await process.code
        _see_the_broker(code, process.said)
        # One that has said nothing has not come so far as to listen: the signal itself ends it.
        expected = (0,) if process.said else (0, -signal.SIGTERM)
        assert code in expected, f"{role} ended with {code}:\n{process.said[-2000:]}"
        return process.said

    # ------------------------------------------------------------------------------- waiting

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Poll until it holds; processes that end meanwhile are not what is waited for."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_S
        while not condition():
            for process in self.processes.values():
                if process.code.done():
                    _see_the_broker(process.code.result(), process.said)
            if loop.time() > end:
                logs = "\n".join(f"--- {p.log.name}\n{p.said[-1500:]}" for p in self.began)
                raise NotInTime(f"not in time: {what}\n{logs}")
            await asyncio.sleep(POLL_S)

    async def ended(self) -> None:
        """Wait until every saga has ended."""
        await self.until(
            lambda: len([r for r in self.rows() if r.status in ("completed", "failed")]) >= SAGAS,
            "every saga ended",
        )
        await self.until(self.told, "the front door heard of every end")

    async def paused_at_payment(self) -> None:
        """Wait until every saga waits for payment and for nothing else."""
        await self.until(lambda: self.kept() == 2 * SAGAS, "all but payment answered")

    def rows(self) -> list[SagaRow]:
        """The sagas in the file; none while there is no file, or it is being made."""
        try:
            with Reader.open(self.file) as reader:
                return reader.list(DEFAULT_TENANT, limit=1_000)
        except (SagaLogError, DatastoreError):
            return []

    def kept(self) -> int:
        """How many sagas know of their reservation and of their shipment, together."""
        rows = self.rows()
        if not rows:
            return 0
        with Reader.open(self.file) as reader:
            return sum(
                isinstance(fact, Succeeded) and fact.step in ("inventory", "shipping")
                for row in rows
                for transition in reader.history(row.id)
                for fact in transition.facts
            )

    def told(self) -> bool:
        """Whether the service of the front door has heard of every saga how it ended."""
        counted = "SELECT count(*) FROM orders WHERE status IN ('completed', 'failed')"
        file = self.data / "services" / "orders.db"
        with contextlib.closing(open_database(file, readonly=True)) as db:
            return bool(db.execute(counted).fetchone()[0] == SAGAS)

    # ------------------------------------------------------------------------------- asking

    async def ask(self) -> None:
        """Publish the starts, as anybody may: no orchestrator has a hand in it."""
        await self.topics_there()
        door = FrontDoor(self.broker, PARTITIONS)
        await door.open()
        try:
            for number in range(1, SAGAS + 1):
                await door.start(NAME, f"order-{number}", self.order(number))
        finally:
            await door.close()

    async def topics_there(self) -> None:
        """Wait until somebody has made the topics."""
        wanted = self.broker.topic(REQUESTS)
        async with asyncio.timeout(PATIENCE_S):
            while wanted not in await list_topics(self.broker):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def letters(self, count: int) -> None:
        """Wait until so many dead letters, or more, lie in their topic."""
        topic = self.broker.topic(DEAD_LETTERS)
        consumer = make_consumer(self.broker)
        await consumer.start()
        try:
            places = [
                TopicPartition(topic, p) for p in range((await list_topics(self.broker))[topic])
            ]
            async with asyncio.timeout(PATIENCE_S):
                while sum((await consumer.end_offsets(places)).values()) < count:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        finally:
            await consumer.stop()

    def start_message(self, number: int) -> bytes:
        """The start of a saga as any producer may write it."""
        message = {
            "specversion": "1.0",
            "id": f"start-{number}",
            "source": "crash-points",
            "type": "saga.start",
            "tenant": str(DEFAULT_TENANT),
            "requestkey": f"order-{number}",
            "data": {"definition": NAME, "input": self.order(number)},
        }
        return json.dumps(message).encode()

    def order(self, number: int) -> dict[str, int]:
        """The input of a saga."""
        return {
            "order_id": number,
            "user_id": USERS[self.direction],
            "product_id": PRODUCT,
            "quantity": QUANTITY[self.direction],
        }

    async def http(self, method: str, path: str, **given: object) -> httpx.Response | None:
        """Ask the process that serves HTTP; None when it is not there, or goes while it answers."""
        try:
            place = json.loads((self.data / "running.json").read_text("utf-8"))["url"]
            token = (self.data / "token").read_text("utf-8").strip()
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                headers = {"Authorization": f"Bearer {token}", **given.pop("headers", {})}  # type: ignore
                return await client.request(method, place + path, headers=headers, **given)  # type: ignore
        except (OSError, ValueError, httpx.HTTPError):
            return None

    def keep_checked(self, checked: Path) -> None:
        """The definitions were checked already, by the run without a crash."""
        self.data.mkdir(parents=True, exist_ok=True)
        if checked.exists():
            shutil.copy(checked, self.data / "checked.json")


def _see_the_broker(code: int, said: str) -> None:
    """A start is refused when the broker does not answer in seconds: on a machine that is too busy
    for it, not by what is tried here."""
    if code == 2 and "Kafka" in said.strip().rpartition("\n")[2]:
        raise BrokerAway(said[-500:])
