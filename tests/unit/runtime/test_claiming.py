"""What a new owner sends again, and when (DESIGN laws 3 and 14)."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from orchestrator.runtime import happenings as h
from orchestrator.runtime.claiming import Claiming
from orchestrator.runtime.decisions import Decided, Decisions
from orchestrator.runtime.tasks import Tasks
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.rows import HeldTransition
from tests.unit.runtime.test_wire import SAGA, played


class Scene:
    """A partition with one open saga, whose start stands at offset 1 of the log."""

    def __init__(self) -> None:
        self.state, self.told = played()
        self.sent: list[int] = []
        self.events: list[h.Event] = []
        own = SimpleNamespace(epoch="e", inputs=(0, 0), expected=3, appended=(), confirmed=())
        states = SimpleNamespace(get=lambda saga: self.state if saga == SAGA else None)
        self.host = SimpleNamespace(
            number=0,
            own=own,
            desk=SimpleNamespace(open=lambda: None, states=states),
            runs=SimpleNamespace(open=lambda: Decisions("e", 0, -1)),
            tell=self.events.append,
            owned=lambda: None,
            opened=lambda _: None,
        )
        self.services = SimpleNamespace(
            log=SimpleNamespace(
                displaced=lambda _: iter(()),
                open_sagas=lambda _: [SimpleNamespace(id=SAGA)],
                load=lambda _: self.told,
                suffix=self.suffix,
            ),
            effects=SimpleNamespace(send=self.send),
            inputs=SimpleNamespace(open=self.open),
            render=lambda decided, _: [cast(Decided, decided).sealed.transition.number],
            spans=None,
        )
        self.tasks = Tasks("claiming", lambda: pytest.fail)
        self.claiming = Claiming(cast(Any, self.host), cast(Any, self.services), self.tasks)

    def suffix(self, _: int, start: int) -> list[HeldTransition]:
        return [HeldTransition(1, seal(self.told[0]))] if start <= 1 else []

    def send(self, messages: Sequence[int], done: Callable[[], None]) -> None:
        self.sent += messages
        done()

    async def open(self, _: int, start: h.Positions) -> h.Positions:
        return start

    async def until(self, event: type) -> None:
        """Let the tasks go on until this was told."""
        for _ in range(100):
            if any(isinstance(one, event) for one in self.events):
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{event.__name__} was not told")


async def test_what_lies_behind_the_sent_mark_is_sent_again() -> None:
    """Only that; the mark says that the rest was acknowledged."""
    scene = Scene()
    scene.claiming.take_over(h.Own(sent=0))
    await scene.until(h.Done)
    assert scene.sent == [1]
    again = Scene()
    again.claiming.take_over(h.Own(sent=2))
    await again.until(h.Done)
    assert not again.sent


async def test_after_a_refill_open_sagas_do_not_wait_for_their_timeouts() -> None:
    """A broker that has lost a part of the log may have lost any command: what is open is sent
    again, however far the mark says that all was sent.
    """
    scene = Scene()
    scene.claiming.refill(h.Refill())
    await scene.until(h.Refilled)
    scene.claiming.take_over(h.Own(sent=2))
    await scene.until(h.Done)
    assert scene.sent == [1]
