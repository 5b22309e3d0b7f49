"""Several participants in one process, by name."""

import asyncio
from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path
from typing import Any, Self

from infra.broker.outputs import TopicSenders
from infra.broker.settings import BrokerSettings
from infra.telemetry.metrics import Metrics
from services.participant.health import Health
from services.participant.participant import Participant
from services.participant.runner import ParticipantRunner
from services.participant.shared import Shared


class RunningServices(Mapping[str, ParticipantRunner]):
    """The services of this process: started and stopped together, each failing alone. Once stopped
    they are not started again.

    ``seed``: service name -> its seed data; ``metrics``: the register of the process; ``turn_s``:
    see ``Shared``.
    """

    def __init__(
        self,
        participants: Mapping[str, Participant],
        broker: BrokerSettings,
        folder: Path,
        *,
        seed: Mapping[str, Any] | None = None,
        metrics: Metrics | None = None,
        turn_s: float = inf,
    ) -> None:
        seeds = seed or {}
        self._senders = TopicSenders(broker, client_id="services-out")
        shared = Shared(metrics=metrics or Metrics(), senders=self._senders, turn_s=turn_s)
        self._runners = {
            name: ParticipantRunner(
                participant, broker, folder, seed=seeds.get(participant.name), shared=shared
            )
            for name, participant in participants.items()
        }

    def __getitem__(self, name: str) -> ParticipantRunner:
        return self._runners[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runners)

    def __len__(self) -> int:
        return len(self._runners)

    async def start(self) -> None:
        """Start all of them; raises DatastoreError after stopping those that had been started."""
        try:
            for runner in self.values():
                await runner.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all of them, at the same time."""
        await asyncio.gather(*(runner.stop() for runner in self.values()))
        await self._senders.close()

    async def ready(self, timeout_s: float = 30.0) -> None:
        """Wait until all are ready; raises ParticipantError naming one that is not."""
        await asyncio.gather(*(runner.ready(timeout_s) for runner in self.values()))

    def health(self) -> list[Health]:
        """The health of each."""
        return [runner.health() for runner in self.values()]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()
