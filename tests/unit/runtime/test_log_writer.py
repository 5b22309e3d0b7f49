"""One epoch, one producer: after a failure the next claim gets a new one (DESIGN law 9)."""

from typing import Any, cast

from infra.broker.settings import BrokerSettings
from infra.broker.types import Producer
from orchestrator.runtime.log_writer import Lane, LogWriter


class Pen:
    """A producer that only starts and stops."""

    def __init__(self) -> None:
        self.stopped = False

    async def start(self) -> None:
        """At once."""

    async def stop(self) -> None:
        self.stopped = True


def writer(made: list[Pen]) -> LogWriter:
    """A writer whose producers are remembered."""

    def make(*_: Any, **__: Any) -> Producer:
        made.append(Pen())
        return cast(Producer, made[-1])

    return LogWriter(BrokerSettings.local("127.0.0.1:1"), "saga.log", make)


async def give_back(lane: Lane, *, failed: bool) -> None:
    lane.release(failed=failed)


async def test_partitions_share_a_producer_until_it_fails() -> None:
    """The partition where it failed gets another one; the other keeps what it has."""
    made: list[Pen] = []
    log = writer(made)
    first, other = await log.lane(0), await log.lane(1)
    assert len(made) == 1
    await give_back(first, failed=True)
    again = await log.lane(0)
    assert len(made) == 2
    assert not made[0].stopped
    await give_back(other, failed=False)
    await give_back(again, failed=False)
    await log.close()
    assert all(pen.stopped for pen in made)


async def test_a_producer_that_has_not_failed_is_used_again() -> None:
    """A claim after a rebalance costs no connection."""
    made: list[Pen] = []
    log = writer(made)
    await give_back(await log.lane(0), failed=False)
    await give_back(await log.lane(0), failed=False)
    assert len(made) == 1
    await log.close()
