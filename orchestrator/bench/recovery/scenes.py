"""What is played: a restart, a takeover, and a start after a long while with replies waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from contracts.topics import REPLIES, partition_of_saga
from infra.clock import Clock
from orchestrator.bench.load import BenchError
from orchestrator.bench.recovery.cast import Cast
from orchestrator.bench.recovery.figures import Restart, Takeover, Waiting, seconds
from orchestrator.bench.recovery.opening import Opener
from orchestrator.bench.recovery.topics import Counter
from orchestrator.bench.recovery.witness import Witness
from orchestrator.bench.runs import Say

PATIENCE_S: Final = 60.0
ASK_S: Final = 0.1
"""Between two questions over HTTP: they cost the process that is measured."""
FIRST, SECOND = "orchestrator-1", "orchestrator-2"


@dataclass(frozen=True)
class Stage:
    """Where it is played, and who watches. ``commands``: the topic of the first step's command."""

    clock: Clock
    cast: Cast
    opener: Opener
    witness: Witness
    counter: Counter
    partitions: int
    commands: str
    say: Say

    async def until(
        self, what: str, done: Callable[[], Awaitable[object]], patience_s: float = PATIENCE_S
    ) -> int:
        """Look until it is so; when that was. Raises BenchError when nothing happens any more."""
        last, since = -1, self.clock.monotonic()
        while True:
            seen = await self.witness.look()
            if await done():
                return self.clock.now_ms()
            if seen.last != last:
                last, since = seen.last, self.clock.monotonic()
            idle = self.clock.monotonic() - since
            why = self.cast.dead() or (
                f"nothing for {patience_s:g} s" if idle > patience_s else None
            )
            if why:
                counts = f"{len(seen.moved)} went on, {len(seen.decided)} partitions decided"
                raise BenchError(f"{what}: {why} ({counts})")

    async def ready(self, name: str) -> int:
        """When it says that it is ready, and owns every partition."""
        end = self.clock.monotonic() + PATIENCE_S
        while not (await self.cast.health(name)).get("ready"):
            if why := self.cast.dead() or (self.clock.monotonic() > end and "not in time"):
                raise BenchError(f"{name} is not ready: {why}")
            await asyncio.sleep(ASK_S)
        return self.clock.now_ms()

    async def open(self, count: int) -> float:
        """Open so many sagas; how long that took."""
        began = self.clock.now_ms()
        self.witness.anew()

        async def opened() -> int:
            done = len((await self.witness.look()).opened)
            self.say("opening", done, count)
            if why := self.cast.dead():
                raise BenchError(f"opening: {why}")
            return done

        await self.opener.open(count, opened)

        await self.commanded(count)
        return seconds(began, self.clock.now_ms())

    async def commanded(self, count: int) -> int:
        """Until so many commands have gone out; how many that are then."""

        async def commanded() -> bool:
            return await self.counter.count(self.commands, self.partitions) >= count

        await self.until("commands go out", commanded)
        return await self.counter.count(self.commands, self.partitions)

    async def deciding(self, places: set[int]) -> tuple[int, int]:
        """When the first and when all of these partitions had decided something new."""

        async def decided() -> bool:
            return places <= set(self.witness.seen.decided)

        await self.until("deciding again", decided)
        times = [self.witness.seen.decided[place] for place in places]
        return min(times), max(times)

    async def going_on(self, sagas: set[int]) -> int:
        """When every one of these has gone on."""

        async def moved() -> bool:
            self.say("going on", len(self.witness.seen.moved.keys() & sagas), len(sagas))
            return sagas <= self.witness.seen.moved.keys()

        await self.until("going on", moved)
        return self.witness.seen.last


# pylint: disable-next=too-many-locals  # what is measured, in its order
async def restart(stage: Stage, count: int) -> Restart:
    """Open them, SIGKILL, start again; then the services."""
    cast, everything = stage.cast, set(range(stage.partitions))
    cast.start(FIRST)
    await stage.ready(FIRST)
    opening_s = await stage.open(count)
    opened = set(stage.witness.seen.opened)
    cast.kill(FIRST)
    await stage.witness.catch_up()
    before = await stage.counter.count(stage.commands, stage.partitions)
    stage.witness.anew()
    stage.opener.probe()
    began = cast.start(FIRST)
    ready = asyncio.create_task(stage.ready(FIRST))
    first, last = await stage.deciding(everything)
    deciding_mib, deciding_cpu_s = cast.peak_mib(FIRST), cast.cpu_s(FIRST)
    ready_at = await ready
    services = cast.start_services()

    async def answering() -> bool:
        return bool(stage.witness.seen.moved)

    answered = await stage.until("the services", answering)
    after = await stage.counter.count(stage.commands, stage.partitions)
    done = await stage.going_on(opened)
    return Restart(
        open=len(opened),
        opening_s=opening_s,
        first_decision_s=seconds(began, first),
        deciding_s=seconds(began, last),
        ready_s=seconds(began, ready_at),
        services_s=seconds(services, answered),
        going_on_s=seconds(began, done),
        sent_again=after - before - len(stage.witness.seen.opened),
        by_time=len(stage.witness.seen.by_time),
        deciding_cpu_s=deciding_cpu_s,
        cpu_s=cast.cpu_s(FIRST),
        deciding_mib=deciding_mib,
        peak_mib=cast.peak_mib(FIRST),
    )


# pylint: disable-next=too-many-locals  # what is measured, in its order
async def takeover(stage: Stage, count: int) -> Takeover:
    """Two orchestrators; SIGKILL the one that owns more, and the other takes over."""
    cast = stage.cast
    for name in (FIRST, SECOND):
        cast.start(name)
    owned: dict[str, set[int]] = {}

    async def shared() -> bool:
        await asyncio.sleep(ASK_S)
        owned.update({name: await cast.owned(name) for name in (FIRST, SECOND)})
        ready = [(await cast.health(name)).get("ready") for name in (FIRST, SECOND)]
        return all(ready) and sum(map(len, owned.values())) == stage.partitions

    await stage.until("two that share the partitions", shared)
    opening_s = await stage.open(count)
    await stage.until("followers up to date", shared)
    victim, heir = sorted(owned, key=lambda name: -len(owned[name]))
    await stage.witness.catch_up()
    opened = stage.witness.seen.opened
    before = await stage.counter.count(stage.commands, stage.partitions)
    stage.witness.anew()
    killed = cast.kill(victim)
    stage.opener.probe()
    first, last = await stage.deciding(owned[victim])
    noticed = cast.assigned_at(heir, killed)
    if noticed is None:
        raise BenchError(f"{heir} was never told of its partitions")
    after = await stage.commanded(before + len(stage.witness.seen.opened))
    return Takeover(
        open=len(opened),
        opening_s=opening_s,
        partitions=len(owned[victim]),
        taken_over=sum(partition_of_saga(saga) in owned[victim] for saga in opened),
        notice_s=seconds(killed, noticed),
        first_decision_s=seconds(noticed, first),
        deciding_s=seconds(noticed, last),
        sent_again=after - before - len(stage.witness.seen.opened),
        cpu_s=cast.cpu_s(heir),
        peak_mib=cast.peak_mib(heir),
    )


async def waiting(stage: Stage, count: int, timeout_s: float, down_s: float) -> Waiting:
    """Open them, SIGKILL; the services answer everything; start when all deadlines have passed."""
    cast = stage.cast
    cast.start(FIRST)
    await stage.ready(FIRST)
    await stage.open(count)
    opened = set(stage.witness.seen.opened)
    killed = cast.kill(FIRST)
    await stage.witness.catch_up()
    cast.start_services()

    async def answered() -> bool:
        waits = await stage.counter.count(REPLIES, stage.partitions)
        stage.say("answered", waits, count)
        return waits >= count

    await stage.until("the services", answered)
    replies = await stage.counter.count(REPLIES, stage.partitions)
    due = killed + int(max(timeout_s + 1, down_s) * 1_000)

    async def over() -> bool:
        stage.say("down", int(seconds(killed, stage.clock.now_ms())), int(seconds(killed, due)))
        return stage.clock.now_ms() > due

    await stage.until("down", over, PATIENCE_S + max(timeout_s, down_s))
    stage.witness.anew()
    stage.opener.probe()
    began = cast.start(FIRST)
    _, last = await stage.deciding(set(range(stage.partitions)))
    done = await stage.going_on(opened)
    return Waiting(
        open=len(opened),
        timeout_s=timeout_s,
        down_s=seconds(killed, began),
        replies_waiting=replies,
        by_time=len(stage.witness.seen.by_time & opened),
        deciding_s=seconds(began, last),
        going_on_s=seconds(began, done),
        cpu_s=cast.cpu_s(FIRST),
        peak_mib=cast.peak_mib(FIRST),
    )
