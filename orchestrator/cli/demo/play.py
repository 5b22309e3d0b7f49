"""Plays a scenario: starts its sagas through the front door and watches them in the log."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec

from contracts.topics import DEFAULT_TENANT
from orchestrator.bootstrap.services import Service, has_seen
from orchestrator.cli.facts import SagaFacts, happened
from orchestrator.definition.scenario import Case, Scenario
from orchestrator.engine.facts import Emitted, Transition
from orchestrator.sagalog.reader import Reader

LOOK_S: Final = 0.05
"""Between two looks at the log: as often as a person can follow."""


class Door(Protocol):
    """The front door: publishes a start, returns once the broker has it."""

    async def start(
        self, definition: str, key: str, input: dict[str, Any], tenant: int
    ) -> None: ...


class Played(msgspec.Struct):
    """One case as it was played; ``saga`` is 0 until its start is in the log."""

    case: Case
    saga: int = 0
    started_at: int = 0
    ended_at: int = 0
    transitions: list[Transition] = msgspec.field(default_factory=list[Transition])

    @property
    def facts(self) -> SagaFacts:
        """What happened in it so far."""
        return happened(self.transitions)


class Player:
    """Plays the cases of a scenario; `seen` is called whenever one of them has moved."""

    def __init__(
        self,
        scenario: Scenario,
        door: Door,
        reader: Callable[[], Reader],
        services: Mapping[str, Service],
        seen: Callable[[], None],
    ) -> None:
        self.played = [Played(case) for case in scenario.cases]
        self._by_label = {played.case.label: played for played in self.played}
        self._door = door
        self._reader = reader
        self._services = services
        self._seen = seen

    async def play(self, timeout_s: float) -> None:
        """Play every case; returns when all stand still and the services have taken in what they
        were told of it (until then their books are behind), or when the time is over.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(*(self._one(played) for played in self.played))
        except TimeoutError:
            return  # what has not ended is a difference, and the report says so

    async def _one(self, played: Played) -> None:
        case = played.case
        if case.after:
            first = self._by_label[case.after]
            await _until(lambda: bool(first.facts.ended) and self._taken_in(first))
        await self._door.start(case.saga, case.label, dict(case.input), DEFAULT_TENANT)
        await _until(lambda: self._look(played) and self._taken_in(played))

    def _look(self, played: Played) -> bool:
        """Read the saga again; whether it stands still."""
        reader = self._reader()
        row = reader.by_key(DEFAULT_TENANT, played.case.saga, played.case.label)
        if row is None:
            return False
        if row.number != len(played.transitions):
            played.saga, played.started_at = row.id, row.created_at
            played.transitions = reader.history(row.id)
            played.ended_at = played.transitions[-1].at
            self._seen()
        return bool(played.facts.ended)

    def _taken_in(self, played: Played) -> bool:
        """Whether every service has taken in the events of this saga that it follows."""
        return all(
            has_seen(service, fact.id)
            for fact in _emitted(played.transitions)
            for service in self._services.values()
            if (fact.topic, fact.event) in service.participant.events
        )


def _emitted(transitions: Iterable[Transition]) -> Iterable[Emitted]:
    return (
        fact for transition in transitions for fact in transition.facts if isinstance(fact, Emitted)
    )


async def _until(condition: Callable[[], bool]) -> None:
    while True:  # a look at the log is cheap, and the demo is shown at this pace anyway
        if condition():
            return
        await asyncio.sleep(LOOK_S)
