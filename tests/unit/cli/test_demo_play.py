"""A demo is over when the services know of it: their books are compared."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from orchestrator.bootstrap.services import Service
from orchestrator.cli.demo import play
from orchestrator.definition.scenario import Case, Scenario
from orchestrator.engine.facts import Completed, Emitted, Transition
from orchestrator.sagalog.reader import Reader

TOLD = Emitted("id-1", "OrderCancelled", "order.events", "1", {})
HISTORY = [Transition(1 << 10, 1, 5, "start", (Completed(), TOLD))]


class Door:
    """Takes every start."""

    async def start(self, *_: object) -> None:
        """At once."""


class Log:
    """One saga that has ended already."""

    def by_key(self, *_: object) -> Any:
        return SimpleNamespace(id=1 << 10, number=1, created_at=5)

    def history(self, _saga: int) -> list[Transition]:
        return HISTORY


def player(*events: tuple[str, str]) -> play.Player:
    """A player of one case with one service that follows these events."""
    service = SimpleNamespace(participant=SimpleNamespace(events=dict.fromkeys(events)))
    return play.Player(
        Scenario(cases=(Case("one", "order-cancellation", {}),)),
        Door(),
        lambda: cast(Reader, Log()),
        {"orders": cast(Service, service)},
        lambda: None,
    )


async def test_it_waits_until_a_service_has_taken_in_what_it_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[str] = []

    def seen(_service: object, event: str) -> bool:
        looks.append(event)
        return len(looks) > 2

    monkeypatch.setattr(play, "has_seen", seen)
    one = player(("order.events", "OrderCancelled"))
    await one.play(30.0)
    assert looks == ["id-1"] * 3
    assert one.played[0].facts.ended == "completed"


async def test_it_waits_for_nobody_who_does_not_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "has_seen", lambda *_: pytest.fail("nobody follows it"))
    await player(("order.events", "OrderPlaced")).play(30.0)


async def test_a_service_that_never_knows_does_not_hold_the_demo_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(play, "has_seen", lambda *_: False)
    await player(("order.events", "OrderCancelled")).play(0.2)
