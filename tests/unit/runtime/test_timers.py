"""No wake-up is forgotten, whatever happens while one is being decided (DESIGN law 12)."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from infra.clock import ManualClock
from orchestrator.runtime.happenings import Positions
from orchestrator.runtime.partition import Partition
from orchestrator.runtime.timers import Timers

NOW = 1_000


class Inputs:
    """Inputs that end at 1; ``read`` says how far they were read."""

    def __init__(self) -> None:
        self.read: Positions = (0, 0)
        self.end: Positions = (1, 1)

    async def ends(self, partitions: Any) -> dict[int, Positions]:
        return dict.fromkeys(partitions, self.end)

    async def position(self, _partition: int) -> Positions:
        return self.read


class Place:
    """A partition whose sagas want to be woken at these times."""

    def __init__(self, wakes: dict[int, int]) -> None:
        self.number, self.ready, self.look_again = 0, True, False
        self.own = SimpleNamespace(owns=True, epoch="e")
        self.wakes = wakes
        self.next_wake = min(wakes.values())
        self.woken: list[int] = []

    def next_wake_of(self, _partition: int) -> int | None:
        return min(self.wakes.values(), default=None)

    def due(self, _partition: int, at: int, _limit: int) -> list[tuple[int, int]]:
        return [(saga, wake) for saga, wake in self.wakes.items() if wake <= at]

    def wake(self, sagas: list[int], _at: int) -> bool:
        self.woken += sagas
        for saga in sagas:
            del self.wakes[saga]
        return bool(sagas)


async def until(true: Callable[[], bool]) -> None:
    """Wait until it is true; fails when it is not in time."""
    for _ in range(5_000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come about")


async def test_what_is_due_later_is_not_forgotten_when_what_was_due_has_moved_on() -> None:
    """Nothing is decided then, so no commit would ask for the next wake-up."""
    clock, inputs = ManualClock(NOW), Inputs()
    place = Place({1: NOW, 2: NOW + 50})
    log = SimpleNamespace(due=place.due, next_wake=place.next_wake_of)
    timers = Timers(clock, cast(Any, log), cast(Any, inputs), [cast(Partition, place)])
    running = asyncio.create_task(timers.run())
    try:
        await asyncio.sleep(0)  # the barrier stands: it waits for the inputs
        await asyncio.sleep(0)
        del place.wakes[1]  # its reply came
        inputs.read = (1, 1)
        await until(lambda: place.next_wake != NOW)
        assert place.next_wake == NOW + 50
        clock.advance(60)
        await until(lambda: bool(place.woken))
        assert place.woken == [2]
    finally:
        running.cancel()


async def test_what_waits_in_the_topic_comes_before_a_timeout() -> None:
    """Law 5's barrier: nothing is woken until the inputs were read up to where they ended then."""
    clock, inputs = ManualClock(NOW), Inputs()
    place = Place({1: NOW})
    log = SimpleNamespace(due=place.due, next_wake=place.next_wake_of)
    timers = Timers(clock, cast(Any, log), cast(Any, inputs), [cast(Partition, place)])
    asked = 0
    position = inputs.position

    async def counted(partition: int) -> Positions:
        nonlocal asked
        asked += 1
        return await position(partition)

    inputs.position = counted  # type: ignore[method-assign]
    running = asyncio.create_task(timers.run())
    try:
        for read in ((0, 0), (1, 0), (0, 1)):
            inputs.read, enough = read, asked + 2
            await until(lambda enough=enough: asked >= enough or bool(place.woken))
            assert not place.woken, f"a timeout was decided, and the inputs were read to {read}"
        inputs.read = (1, 1)
        await until(lambda: bool(place.woken))
    finally:
        running.cancel()


async def test_what_an_input_has_lost_is_not_waited_for() -> None:
    """Its end of then is not reached again when the broker came back without its tail."""
    clock, inputs = ManualClock(NOW), Inputs()
    inputs.end = (1, 9)
    place = Place({1: NOW})
    log = SimpleNamespace(due=place.due, next_wake=place.next_wake_of)
    timers = Timers(clock, cast(Any, log), cast(Any, inputs), [cast(Partition, place)])
    running = asyncio.create_task(timers.run())
    try:
        await asyncio.sleep(0)  # the barrier stands at (1, 9)
        await asyncio.sleep(0)
        inputs.end, inputs.read = (3, 6), (1, 5)
        clock.advance(1_000)
        for _ in range(50):
            await asyncio.sleep(0.001)
            assert not place.woken, "what is still there was not read to its end"
        inputs.read = (1, 6)
        await until(lambda: place.woken == [1])
    finally:
        running.cancel()


async def test_after_a_wake_up_the_next_one_is_asked_for() -> None:
    """Only the first is known in memory: the commit of what was decided asks SQLite for more."""
    clock, inputs = ManualClock(NOW), Inputs()
    inputs.read = (1, 1)
    place = Place({1: NOW, 2: NOW + 50})
    log = SimpleNamespace(due=place.due, next_wake=place.next_wake_of)
    timers = Timers(clock, cast(Any, log), cast(Any, inputs), [cast(Partition, place)])
    running = asyncio.create_task(timers.run())
    try:
        await until(lambda: place.woken == [1])
        if place.look_again:  # as the partition does when it hears of the commit
            place.next_wake = min(place.next_wake, *place.wakes.values())
        assert place.next_wake == NOW + 50, "nothing would ever have woken the second saga"
        timers.poke()
        clock.advance(60)
        await until(lambda: place.woken == [1, 2])
    finally:
        running.cancel()
