"""How each kind of fault strikes a world."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from contracts.topics import REPLIES, REQUESTS
from infra.broker.types import TopicPartition
from tests.simulation.audit import Audit
from tests.simulation.broker import Broker, Log
from tests.simulation.faults import Fate, Fault
from tests.simulation.loop import SimLoop
from tests.simulation.processes import OrchestratorProcess, Process, ServiceProcess

JUMPS_MS = (-15_000, -5_000, -900, 900, 5_000, 15_000)
POISONS = (b"\xff\x00poison", b'{"specversion":"1.0"}', b"[]", b'{"saga":"7"')


class World(Protocol):
    """What can be struck."""

    loop: SimLoop
    broker: Broker
    chance: random.Random
    fate: Fate
    orchestrators: list[OrchestratorProcess]
    services: list[ServiceProcess]
    poison: list[bytes]
    audit: Audit

    def note(self, what: str) -> None: ...


class Strikes:
    """``strike`` a fault; what it takes away comes back when its time is over."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds: dict[str, Callable[[Fault], None]] = {
            "crash": lambda fault: self._crash(fault, world.orchestrators),
            "service-crash": lambda fault: self._crash(fault, world.services),
            "pause": lambda fault: self._pause(fault, world.orchestrators),
            "service-pause": lambda fault: self._pause(fault, world.services),
            "cut-off": self._cut_off,
            "disk": self._disk,
            "restart": lambda fault: self._whom(fault, world.orchestrators).restart(),
            "broker-down": self._broker_down,
            "power-cut": self._power_cut,
            "lost-topics": self._lost_topics,
            "rebalance": self._rebalance,
            "offsets": self._forget_offsets,
            "clock": self._jump,
            "duplicates": self._duplicates,
            "poison": self._poison,
        }

    def strike(self, fault: Fault) -> None:
        """Let it happen."""
        self._world.note(f"fault {fault.kind} #{fault.whom} for {fault.lasts:.2f} s")
        self._kinds[fault.kind](fault)

    @staticmethod
    def _whom(fault: Fault, among: Sequence[Any]) -> Any:
        return among[fault.whom % len(among)]

    def _anybody(self, fault: Fault) -> Process:
        return self._whom(fault, [*self._world.orchestrators, *self._world.services])

    def _later(self, fault: Fault, what: Callable[..., object], *args: object) -> None:
        self._world.loop.call_later(fault.lasts, what, *args)

    # ------------------------------------------------------------------------------- processes

    def _crash(self, fault: Fault, among: Sequence[Process]) -> None:
        whom = self._whom(fault, among)
        whom.crash()
        self._later(fault, whom.boot)

    def _pause(self, fault: Fault, among: Sequence[Process]) -> None:
        whom = self._whom(fault, among)
        whom.pause()
        self._later(fault, whom.resume)

    def _cut_off(self, fault: Fault) -> None:
        whom = self._anybody(fault)
        whom.cut_off(True)
        self._later(fault, whom.cut_off, False)

    def _disk(self, fault: Fault) -> None:
        whom = self._anybody(fault)
        whom.fill_disk(True)
        self._later(fault, whom.fill_disk, False)

    def _jump(self, fault: Fault) -> None:
        whom = self._anybody(fault)
        whom.set_clock(whom.wall_ms + self._world.chance.choice(JUMPS_MS))

    # ------------------------------------------------------------------------------ the cluster

    def _broker_down(self, fault: Fault) -> None:
        self._world.broker.down()
        self._later(fault, self._world.broker.back)

    def _power_cut(self, fault: Fault) -> None:
        """Of requests nothing is lost: who was told that a start is taken does not ask again."""
        self._broker_down(fault)
        inputs = [log.place for name, log in self._inputs() if name != REQUESTS]
        self._world.broker.lose_tail(inputs)

    def _lost_topics(self, fault: Fault) -> None:
        """The cluster has lost its data; an operator has it filled again from the file (law 14)."""
        processes = [*self._world.orchestrators, *self._world.services]
        for process in processes:
            process.crash()
        self._world.broker.emptied()
        self._world.audit.lost_everything()
        self._world.poison.clear()
        for process in self._world.orchestrators:
            process.refill = True
        for process in processes:
            self._later(fault, process.boot)

    def _rebalance(self, fault: Fault) -> None:
        groups = list(self._world.broker.groups.values())
        if groups:
            self._whom(fault, groups).rebalance()

    def _forget_offsets(self, _: Fault) -> None:
        for group in self._world.broker.groups.values():
            for place, offset in list(group.offsets.items()):
                group.offsets[place] = max(0, offset - self._world.chance.randint(0, 5))

    # ----------------------------------------------------------------------------- what is said

    def _inputs(self) -> Iterator[tuple[str, Log]]:
        for name, logs in sorted(self._world.broker.topics.items()):
            if name in (REQUESTS, REPLIES) or name.endswith(".commands"):
                yield from ((name, log) for log in logs)

    def _duplicates(self, _: Fault) -> None:
        """Somebody sends again what was sent before; commands and requests to any partition."""
        chance = self._world.chance
        for name, log in list(self._inputs()):
            for record in chance.sample(log.records, min(2, len(log.records))):
                other = chance.choice(self._world.broker.topics[name])
                place = log.place if name == REPLIES else other.place
                self._publish(place, record.key, record.value, record.headers)

    def _poison(self, _: Fault) -> None:
        chance = self._world.chance
        for _name, log in list(self._inputs()):
            value = chance.choice(POISONS) + b"%d" % chance.getrandbits(32)
            if "power-cut" not in self._world.fate.kinds:
                self._world.poison.append(value)
            self._publish(log.place, None, value, ())

    def _publish(self, place: TopicPartition, key: Any, value: Any, headers: Any) -> None:
        broker = self._world.broker
        broker.append(place, broker.new_producer(), 0, [(key, value, headers, None)], None)
