"""A service at work without a broker: its real handlers on its real database."""

import sqlite3
from pathlib import Path
from typing import Any

from contracts.messages import Command
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from services import seed
from services.participant import Books, Participant
from services.participant.batch import BatchHandler
from services.participant.database import Database
from services.participant.settings import ServiceSettings
from tests.unit.services.messages import NOW, Consumed, command, reply


class Desk:
    """Hands commands to a participant one by one, each in its own saga if not told otherwise."""

    def __init__(
        self, participant: Participant, folder: Path, settings: ServiceSettings | None = None
    ) -> None:
        self.participant = participant
        self.database = Database(participant, folder, seed.load().get(participant.name))
        self.db: sqlite3.Connection = self.database.writer
        self.clock = ManualClock(NOW)
        self.topic = f"{participant.name}.commands"
        broker = BrokerSettings.local("127.0.0.1:1")
        self.handler = BatchHandler(
            participant, self.db, broker, self.clock, settings or ServiceSettings(skew_ms=0)
        )
        self._saga = 0

    async def ask(self, asked: Command, **changes: Any) -> tuple[str, dict[str, Any]]:
        """What becomes of a command: outcome, data of the reply; nothing where nobody answers."""
        self._saga += 1
        raw = command(
            type(asked).__name__,
            asked.model_dump(),
            **{"saga": str(self._saga), "step": self.participant.name, **changes},
        )
        outcome = await self.handler.handle([Consumed(raw, self.topic)])
        if not outcome.outgoing:
            return "", {}
        answer = reply(outcome.outgoing[0].record.value)
        return answer["outcome"], answer["data"]

    async def refusal(self, asked: Command) -> tuple[str, int | None]:
        """Code and status of the refusal that a command meets."""
        outcome, data = await self.ask(asked)
        assert outcome == "refused", data
        return data["code"], data["status"]

    def books(self) -> Books:
        """The books of the service."""
        return self.participant.books(self.database.reader)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
