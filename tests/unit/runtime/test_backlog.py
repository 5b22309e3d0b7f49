"""What is decided and not done yet is bounded, whatever topic falls sick."""

import asyncio

from orchestrator.runtime.backlog import LOOK_AGAIN_S, MAX_BYTES, Backlog
from orchestrator.runtime.states import Shelf, States
from tests.unit.runtime.test_small_pieces import state


class TestBacklog:
    """Full above its limit, free again at half of it."""

    async def test_it_fills_and_empties(self) -> None:
        """Decisions and messages count together; each change is told once."""
        backlog = Backlog(dict)
        told: list[bool] = []
        backlog.changed = lambda: told.append(backlog.full)
        backlog.decided(MAX_BYTES)
        assert not backlog.full
        backlog.sending("a", 1)
        assert backlog.full
        backlog.decided(-MAX_BYTES // 2)
        assert backlog.full, "not before half of it is done"
        backlog.sending("a", -1)
        assert not backlog.full
        assert told == [True, False]

    async def test_a_sick_topic_does_not_count(self) -> None:
        """It holds up its own sends only (law 3)."""
        backlog = Backlog(lambda: {"sick"})
        backlog.sending("sick", 10 * MAX_BYTES)
        assert not backlog.full
        backlog.sending("well", MAX_BYTES + 1)
        assert backlog.full

    async def test_a_topic_that_falls_sick_frees_the_rest(self) -> None:
        """Though no acknowledgement ever comes to say so."""
        sick: set[str] = set()
        backlog = Backlog(lambda: sick)
        free = asyncio.Event()
        backlog.changed = lambda: None if backlog.full else free.set()
        backlog.sending("topic", MAX_BYTES + 1)
        assert backlog.full
        sick.add("topic")
        async with asyncio.timeout(100 * LOOK_AGAIN_S):
            await free.wait()


class TestShelf:
    """One shelf for all partitions of a process."""

    def test_however_many_sagas_are_open_it_holds_so_many(self) -> None:
        """Those that were used last; the others are loaded again."""
        loaded: list[int] = []
        shelf = Shelf(10)
        partitions = [States(lambda s: loaded.append(s) or state(s), shelf, p) for p in range(4)]
        for number in range(1_000):
            partitions[number % 4].get(number << 10 | number % 4)
        assert len(shelf) == 10
        assert len(loaded) == 1_000
        partitions[999 % 4].get(999 << 10 | 999 % 4)
        assert len(loaded) == 1_000

    def test_a_partition_forgets_its_own(self) -> None:
        """What the others hold is theirs."""
        shelf = Shelf(10)
        one, two = (States(state, shelf, p) for p in (1, 2))
        one.get(1 << 10 | 1)
        two.get(1 << 10 | 2)
        one.clear()
        assert len(shelf) == 1
        assert shelf.get(1 << 10 | 2) is not None
