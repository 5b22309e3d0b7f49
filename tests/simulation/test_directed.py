"""Worlds to which one thing happens: what the simulation has found, each alone."""

import random
from pathlib import Path

import pytest

from infra.broker.errors import BrokerUnreachable
from infra.broker.settings import BrokerSettings
from infra.broker.specs import TopicSpec
from infra.broker.topics import ensure_topics
from infra.broker.types import KafkaError
from infra.datastore import open_database
from orchestrator.runtime.inputs import KafkaInputs
from tests.simulation.broker import Broker
from tests.simulation.clients import SimAdmin, SimClients
from tests.simulation.faults import Fate, Fault
from tests.simulation.loop import Node, SimLoop
from tests.simulation.run import run
from tests.simulation.weather import Weather
from tests.simulation.works.participant import Manners

SETTINGS = BrokerSettings.local("simulated:9092")


def fate(kind: str, faults: tuple[Fault, ...] = (), **manners: float) -> Fate:
    """One orchestrator, one partition, eight sagas."""
    kinds = frozenset({kind})
    return Fate(1, 1, False, 8, 6.0, kinds, faults, Weather(0.01), Manners(**manners))


@pytest.mark.parametrize("seed", range(3))
def test_nothing_happens(seed: int) -> None:
    """Without any fault every saga that is begun completes."""
    done = run(seed, fate("nothing"))
    assert done.problems == []
    assert set(done.ends) == {"completed"}


@pytest.mark.parametrize("seed", range(4))
def test_replies_cut_back(seed: int) -> None:
    """Law 4: what is written in the place of replies that a power cut took is read and decided."""
    cuts = tuple(Fault(at, "power-cut", 0, 0.2) for at in (1.5, 2.5, 3.5, 4.5))
    assert run(seed, fate("power-cut", cuts)).problems == []


class _Nobody:
    """Is told what the group decides."""

    async def revoked(self, _: set[int]) -> None:
        """Nothing is taken away."""

    async def assigned(self, _: set[int]) -> None:
        """Nothing is given."""


def test_inputs_that_were_not_opened_are_closed() -> None:
    """A broker that goes away at the start leaves its own error, and inputs that can be stopped."""
    loop = SimLoop()
    broker = Broker(loop, random.Random(0))
    settings = SETTINGS.through(SimClients(broker, Node(loop, "one")))

    async def main() -> None:
        inputs = KafkaInputs(settings, "group", "member", 1)
        broker.down()
        with pytest.raises(KafkaError):
            await inputs.start(lambda *_: None, _Nobody())
        await inputs.stop(leave=True)

    loop.run(main)


class _Blind(SimAdmin):
    """Sees no topic."""

    async def describe_topics(self, names: list[str] | None = None) -> list[dict[str, object]]:
        """None at all."""
        return []


class _BlindClients(SimClients):
    """Whose admins see nothing."""

    def admin(self, **_: object) -> SimAdmin:
        """A blind one."""
        return _Blind(self._broker, self._node)


def test_topics_that_never_appear() -> None:
    """It is the broker's fault that a topic it has made does not appear, and is told as such."""
    loop = SimLoop()
    broker = Broker(loop, random.Random(0))
    settings = SETTINGS.through(_BlindClients(broker, Node(loop, "one")))

    async def main() -> None:
        with pytest.raises(BrokerUnreachable, match="do not appear"):
            await ensure_topics(settings, [TopicSpec("t", 1)])

    loop.run(main)


def test_a_crash_keeps_what_was_committed(tmp_path: Path) -> None:
    """The disk: what a dead process had committed is there, what it had not is not."""
    file = tmp_path / "file.db"
    dying = open_database(file)
    dying.execute("CREATE TABLE rows (n)")
    dying.execute("INSERT INTO rows VALUES (1)")
    dying.execute("BEGIN IMMEDIATE")
    dying.execute("INSERT INTO rows VALUES (2)")
    dying.close()
    after = open_database(file)
    assert after.execute("SELECT n FROM rows").fetchall() == [(1,)]
    after.close()
