"""The small pieces of the runtime, each alone."""

import asyncio

import pytest

from contracts.topics import REQUESTS
from infra.clock import ManualClock
from orchestrator.engine.facts import Sent, Succeeded, Transition
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decided, Decisions, TooLarge
from orchestrator.runtime.messages import Refused
from orchestrator.runtime.outstanding import Outstanding
from orchestrator.runtime.refusals import Refusals
from orchestrator.runtime.states import Shelf, States
from orchestrator.runtime.steady import SteadyClock
from orchestrator.runtime.valve import Valve
from orchestrator.runtime.waiters import Waiters
from orchestrator.sagalog.records import seal


def state(saga: int, number: int = 1) -> State:
    """A state of a saga."""
    return State(saga, "d", "v", 1, "k", "", number, 0, 0, "forward", {"input": {}}, {})


class TestSteadyClock:
    """Law 12: durations are monotonic, jumps are bounded and reported."""

    def test_it_follows_time(self) -> None:
        """Without a jump it is the wall clock."""
        source = ManualClock(1_000_000)
        clock = SteadyClock(source)
        source.advance(1_234)
        assert clock.now_ms() == 1_001_234

    @pytest.mark.parametrize("jump", [3_600_000, -3_600_000])
    def test_a_jump_is_followed_slowly(self, jump: int) -> None:
        """An hour forward or back moves deadlines by a twentieth of the time that passes."""
        source = ManualClock(10_000_000)
        clock = SteadyClock(source)
        source.jump(jump)
        source.advance(10_000)
        assert abs(clock.now_ms() - 10_010_000) <= 500
        assert clock.behind_ms != 0

    def test_it_never_goes_back(self) -> None:
        """However the wall clock is set."""
        source = ManualClock(10_000_000)
        clock = SteadyClock(source)
        last = clock.now_ms()
        for _ in range(20):
            source.jump(-1_000_000)
            source.advance(7)
            assert clock.now_ms() >= last
            last = clock.now_ms()

    def test_it_arrives(self) -> None:
        """In the end it shows the wall clock's time."""
        source = ManualClock(10_000_000)
        clock = SteadyClock(source)
        source.jump(2_000)
        for _ in range(50):
            source.advance(1_000)
            clock.now_ms()
        assert clock.now_ms() == source.now_ms()


class TestStates:
    """A cache that never forgets what rests on unconfirmed decisions."""

    def test_it_loads_once(self) -> None:
        """What was folded is kept."""
        asked: list[int] = []

        def load(saga: int) -> State | None:
            asked.append(saga)
            return state(saga)

        states = States(load, Shelf(), 1)
        assert states.get(1) is states.get(1)
        assert asked == [1]

    def test_pinned_states_stay(self) -> None:
        """The others go, the oldest first."""
        states = States(lambda _: None, Shelf(2), 1)
        for saga in range(4):
            states.decided(state(saga))
        assert all(states.get(saga) for saga in range(4))
        for saga in range(4):
            states.committed(saga)
        assert [saga for saga in range(4) if states.get(saga)] == [2, 3]

    def test_two_decisions_need_two_commits(self) -> None:
        """A saga is pinned until its last decision is confirmed."""
        states = States(lambda _: None, Shelf(), 1)
        states.decided(state(1))
        states.decided(state(1, 2))
        states.committed(1)
        assert states.pinned(1)
        states.committed(1)
        assert not states.pinned(1)


class TestDecisions:
    """What is decided in one go."""

    def test_records_are_numbered_within_the_epoch(self) -> None:
        """From the number that the epoch has reached."""
        run = Decisions("e", 7, 3)
        for number in (1, 2):
            run.add(Transition(1, number, 0, "i", ()), state(1, number))
        assert [b'"seq":7' in (r.value or b"") for r in run.records] == [True, False]
        assert b'"seq":8' in (run.records[1].value or b"")
        assert all(b'"sent":3' in (record.value or b"") for record in run.records)

    def test_a_decision_too_large_is_refused_whole(self) -> None:
        """Nothing of it is taken."""
        run = Decisions("e", 0, -1)
        sent = Sent("s", "do", 1, 1, 0, "Do", "t", {"text": "x" * 700_000})
        with pytest.raises(TooLarge):
            run.add(Transition(1, 1, 0, "i", (sent,)), state(1))
        assert run.empty


class TestOutstanding:
    """What the embedded broker must hold."""

    def test_it_fills_and_empties(self) -> None:
        """A command counts until its outcome comes."""
        outstanding = Outstanding(limit=1_000)
        sent = Sent("s", "do", 1, 1, 0, "Do", "t", {"text": "x" * 500})
        done = Succeeded("s", "do", {})
        outstanding.committed(Decided(seal(Transition(1, 1, 0, "i", (sent,))), state(1)))
        assert outstanding.full
        outstanding.committed(Decided(seal(Transition(1, 2, 0, "j", (done,))), state(1, 2)))
        assert not outstanding.full

    def test_the_start_of_a_child_does_not_count(self) -> None:
        """It waits for the very intake that would wait for it: both would stand for ever."""
        outstanding = Outstanding(limit=1_000)
        sent = Sent("s", "do", 1, 1, 0, "kid", REQUESTS, {"text": "x" * 5_000})
        outstanding.committed(Decided(seal(Transition(1, 1, 0, "i", (sent,))), state(1)))
        assert not outstanding.full

    def test_a_real_kafka_has_no_limit(self) -> None:
        """And nothing is counted."""
        outstanding = Outstanding()
        sent = Sent("s", "do", 1, 1, 0, "Do", "t", {"text": "x" * 500})
        outstanding.committed(Decided(seal(Transition(1, 1, 0, "i", (sent,))), state(1)))
        assert not outstanding.full


class Held:
    """Inputs that remember what is held."""

    def __init__(self) -> None:
        self.held: set[int] = set()

    async def open(self, partition: int, start: tuple[int, int]) -> tuple[int, int]:
        """Not used here."""
        raise NotImplementedError

    def close(self, partition: int) -> None:
        """Not used here."""
        raise NotImplementedError

    def hold(self, partition: int, source: int, held: bool) -> None:
        """Remember it."""
        assert partition == 3
        (self.held.add if held else self.held.discard)(source)


def test_the_valve() -> None:
    """Both inputs wait for a full backlog, only requests for what is out."""
    inputs = Held()
    valve = Valve(3, inputs)
    valve.set(True, False)
    assert inputs.held == {0, 1}
    valve.set(False, True)
    assert inputs.held == {0}
    valve.set(False, False)
    assert inputs.held == set()


async def test_waiters_are_woken_by_their_key_only() -> None:
    """And look again after every wake-up; time over gives None."""
    waiters = Waiters()
    found: dict[str, int] = {}
    task = asyncio.create_task(waiters.until("a", lambda: found.get("a"), 10))
    await asyncio.sleep(0)
    waiters.wake("b")
    waiters.wake("a")
    await asyncio.sleep(0)
    assert not task.done()
    found["a"] = 5
    await asyncio.sleep(0)
    waiters.wake("a")
    assert await task == 5
    assert await waiters.until("c", lambda: None, 0) is None
    assert not waiters


def test_refusals_are_remembered_by_their_key() -> None:
    """The newest one."""
    refusals = Refusals()
    for number in (1, 2):
        refusals.remember(Refused(1, "d", "k", f"r{number}", 422, "invalid_input", "no"))
    found = refusals.find(1, "d", "k")
    assert found is not None
    assert found.request == "r2"
    assert refusals.find(2, "d", "k") is None
