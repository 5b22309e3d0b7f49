"""One world: everything that runs in it, what happens to it, and when it has come to rest."""

import asyncio
import hashlib
import os
import random
import socket
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from infra.broker.settings import BrokerSettings
from infra.broker.types import TopicPartition
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.plan import Plan
from sagas.order_fulfillment import order_fulfillment
from services.inventory import participant as inventory
from services.payment import participant as payment
from services.product import participant as product
from services.seed import load as load_seed
from services.shipping import participant as shipping
from tests.simulation.audit import Audit
from tests.simulation.broker import Broker, Stored
from tests.simulation.callers import Callers
from tests.simulation.customers import Customers, Desk, Start
from tests.simulation.faults import Fate, fate
from tests.simulation.generated import generated
from tests.simulation.loop import Node, SimLoop
from tests.simulation.processes import OrchestratorProcess, Process, ServiceProcess
from tests.simulation.rest import restless
from tests.simulation.strikes import Strikes
from tests.simulation.works.participant import works

REST_S = 300.0
"""Virtual seconds after the last fault within which everything must have come to an end."""
CLOCKS_S = 1_500.0
"""The same where clocks were wrong: a jump is followed at 5 % only (law 12), and until then what
an orchestrator sends seems expired to whoever has the right time.
"""
POLL_S = 0.5
TRACE = 400
SEED_DATA = load_seed()


class NoRest(Exception):
    """The faults are over and something still has not come to an end (law 12)."""


class SimWorld:  # pylint: disable=too-many-instance-attributes  # it is a world
    """Made from a seed, and from a fate where one is given; ``live`` runs it to its end."""

    def __init__(self, seed: int, folder: Path, given: Fate | None = None) -> None:
        self.seed = seed
        self.folder = folder
        self.chance = random.Random(f"world/{seed}")
        self.fate = given or fate(random.Random(f"fate/{seed}"))
        self.partitions = self.fate.partitions
        self.loop = SimLoop()
        self.broker = Broker(self.loop, random.Random(f"network/{seed}"))
        self.broker.weather = self.fate.weather
        self.settings = BrokerSettings.local("simulated:9092")
        self.sagas, self.roots = self._sagas()
        self.plans = {saga.name: Plan(saga.definition) for saga in self.sagas}
        self.audit = Audit(
            self.settings,
            self.partitions,
            self.plans,
            steady="clock" not in self.fate.kinds,
        )
        self.trace: deque[str] = deque(maxlen=TRACE)
        self._hash = hashlib.blake2b(digest_size=12)
        self._myself = f"{socket.gethostname()}/{os.getpid()}".encode()
        self.broker.note = self.note
        self.broker.watch = [self._traced, self.audit.appended]
        self.broker.cut = self.audit.lost
        self.orchestrators = [
            OrchestratorProcess(self, f"orchestrator-{n}", folder / f"o{n}", self.sagas)
            for n in range(self.fate.orchestrators)
        ]
        self.services = self._services()
        self.starts: list[Start] = []
        self.callers = Callers(Desk(self))
        self.poison: list[bytes] = []

    # ---------------------------------------------------------------------------------- making

    def _sagas(self) -> tuple[list[Saga], list[Saga]]:
        """All of them, and those that customers start."""
        if self.fate.orders:
            return [order_fulfillment], [order_fulfillment]
        chance = random.Random(f"definitions/{self.seed}")
        families = [
            generated(chance, f"work-{n}", self.fate.kinds) for n in range(chance.randint(1, 3))
        ]
        return [one for family in families for one in family], [family[0] for family in families]

    def _services(self) -> list[ServiceProcess]:
        if not self.fate.orders:
            participants = [works(self.seed, self.fate.manners)]
        else:
            participants = [product, payment, inventory, shipping]
        return [
            ServiceProcess(self, p.name, self.folder / "services", p, SEED_DATA.get(p.name))
            for p in participants
        ]

    def _topics(self) -> None:
        for service in self.services:
            self.broker.create(f"{service.name}.commands", self.chance.choice((1, 2)))
        self.broker.create("order.events" if self.fate.orders else "works.events", 1)

    # ---------------------------------------------------------------------------------- telling

    def note(self, what: str) -> None:
        """A line of the trace."""
        line = f"{self.loop.time():10.4f} {what}"
        self.trace.append(line)
        self._hash.update(line.encode())

    def _traced(self, place: TopicPartition, records: Sequence[Stored], node: Node | None) -> None:
        who = node.name if node else "somebody"
        for record in records:
            value = (record.value or b"").replace(self._myself, b"")
            self._hash.update(value)
            self.note(f"{who} > {place.topic}/{place.partition}@{record.offset} {value[:300]!r}")

    @property
    def digest(self) -> str:
        """What distinguishes this run from every other one."""
        return self._hash.hexdigest()

    # ----------------------------------------------------------------------------------- living

    async def live(self) -> None:
        """Begin, suffer, heal, come to rest. Raises NoRest."""
        self._topics()
        processes: list[Process] = [*self.orchestrators, *self.services]
        for process in processes:
            process.boot()
        self.starts = Customers(self.callers.desk).begin()
        self.callers.begin(self.starts)
        strikes = Strikes(self)
        for fault in self.fate.faults:
            self.loop.call_later(fault.at, strikes.strike, fault)
        await asyncio.sleep(self.fate.horizon_s)
        await self._heal(processes)
        await self._rest()

    async def _heal(self, processes: Sequence[Process]) -> None:
        self.note("no more faults")
        self.broker.weather = self.broker.weather.fair()
        if not self.broker.up:
            self.broker.back()
        for process in processes:
            process.resume()
            process.cut_off(False)
            process.fill_disk(False)
            process.set_clock(0)
            process.boot()

    async def _rest(self) -> None:
        rest_s = CLOCKS_S if "clock" in self.fate.kinds else REST_S
        until = self.loop.time() + rest_s
        for pause_s in (2.0, 0.0):  # once it is quiet, nothing may come after it
            while why := next(restless(self), ""):
                if self.audit.problems:
                    return
                if self.loop.time() > until:
                    raise NoRest(f"not at rest {rest_s:.0f} s after the last fault: {why}")
                await asyncio.sleep(POLL_S)
            await asyncio.sleep(pause_s)
