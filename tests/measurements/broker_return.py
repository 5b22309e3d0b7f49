"""How long after the broker has returned the first decision happens, and the first saga ends.

Real processes on a Kafka of their own: it is killed, stopped, or only its answers are lost, under
load. A broker that was killed is back when its port takes connections: what it then needs to lead
its partitions again is part of the figure.

Run: python -m tests.measurements.broker_return [--away SECONDS] [--times N] [WAY ...]
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

from infra.broker.settings import BrokerSettings
from infra.kafka import LocalKafka
from orchestrator.runtime.door import FrontDoor
from tests.acceptance.conftest import Saga
from tests.orders import PARTICIPANTS, counts, ended, environment_of, front_door, place
from tests.proxy import Answers, Proxy, proxied

WAYS = ("killed", "stopped", "held", "lost")
WARM = 20
POLL_S = 0.01
PATIENCE_S = 90.0


class Scene(NamedTuple):
    """A node, the proxy before it, and two processes that use it through the proxy."""

    node: LocalKafka
    proxy: Proxy
    broker: BrokerSettings
    door: FrontDoor
    owner: Saga
    rest: Saga


class Back(NamedTuple):
    """Seconds from the broker's return."""

    decided: float
    ended: float


async def until(condition: Callable[[], bool]) -> float:
    """Wait for it; when it held."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(POLL_S)
    return time.monotonic()


@contextlib.asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """Everything up and warm."""
    node = LocalKafka(folder / "kafka")
    state = node.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(node.remove)
        proxy = await stack.enter_async_context(proxied(state.bootstrap))
        broker = BrokerSettings.local(proxy.address)
        owner, rest = Saga(folder / "owner"), Saga(folder / "rest")
        for command in (owner, rest):
            command.folder.mkdir()
            stack.callback(command.close)
        env = environment_of(broker) | {"SAGA_ALLOW_WEAK_LOG": "true"}
        process = owner.spawn("orchestrator", "--port", "0", **env)
        await asyncio.to_thread(owner.until, owner.ready, process)
        rest.spawn("service", *PARTICIPANTS, **env)
        door = await stack.enter_async_context(front_door(broker))
        await place(door, 0, WARM)
        await until(lambda: ended(owner) == WARM)
        yield Scene(node, proxy, broker, door, owner, rest)


@contextlib.asynccontextmanager
async def away(way: str, here: Scene) -> AsyncIterator[None]:
    """The broker is gone, or only its answers, for as long as the block runs."""
    state = here.node.status()
    assert state is not None
    if way == "killed":
        await asyncio.to_thread(here.node.stop, kill=True)
        yield
        await asyncio.to_thread(here.node.start)
    elif way == "stopped":
        os.kill(state.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(state.pid, signal.SIGCONT)
    else:
        here.proxy.set(Answers(way))
        try:
            yield
        finally:
            here.proxy.set(Answers.PASSED)


async def measure(way: str, here: Scene, seconds: float, first: int) -> Back:
    """One time away."""
    before = asyncio.create_task(place(here.door, first, WARM))  # under way when it goes
    await asyncio.sleep(0.1)
    async with away(way, here):
        await asyncio.sleep(seconds / 2)
        meanwhile = asyncio.create_task(place(here.door, first + WARM, WARM))
        await asyncio.sleep(seconds / 2)
    back = time.monotonic()
    known, done = sum(counts(here.owner).values()), ended(here.owner)
    decided = await until(lambda: sum(counts(here.owner).values()) > known)
    first_end = await until(lambda: ended(here.owner) > done)
    await asyncio.gather(before, meanwhile)
    await until(lambda: ended(here.owner) == first + 2 * WARM)
    return Back(decided - back, first_end - back)


async def main(ways: list[str], seconds: float, times: int, folder: Path) -> None:
    """Print a line for each time."""
    async with scene(folder) as here:
        first = WARM
        for way in ways:
            for _ in range(times):
                found = await measure(way, here, seconds, first)
                first += 2 * WARM
                print(
                    f"{way:8} for {seconds:3.0f} s: first decision {found.decided:5.2f} s"
                    f" after its return, first saga ended {found.ended:5.2f} s",
                    flush=True,
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"of {', '.join(WAYS)}")
    parser.add_argument("--away", type=float, default=20.0, metavar="SECONDS")
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is away: that is known
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(main(given.ways or list(WAYS), given.away, given.times, Path(made)))
