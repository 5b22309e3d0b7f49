"""The books that the services of the application must have: made anew, without any trouble.

What the services remember to have done and undone is done and undone once more by the same
handlers, in an empty database, saga by saga; the books of both must say the same. A change of the
business that was lost, or made twice, shows there, though no service remembers it.
"""

import asyncio
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from contracts.topics import DEFAULT_TENANT
from orchestrator.bootstrap.load import load
from orchestrator.bootstrap.services import Books, Participant
from orchestrator.definition.application import Application
from orchestrator.engine.facts import Sent, Transition

DATABASE: Final = "services.participant.database:Database"
WORK: Final = "services.participant:Work"

Stored = Mapping[str, tuple[int, int]]


class Replayed:
    """Fresh databases of these services; close it at the end."""

    def __init__(self, application: Application, names: Sequence[str], folder: Path) -> None:
        database, self._work = load(DATABASE, type), load(WORK, type)
        seed: Mapping[str, object] = (
            cast(Any, load(application.seed, object))() if application.seed else {}
        )
        self._participants = {
            name: cast(Any, load(application.services[name], object)) for name in names
        }
        self._databases: dict[str, Any] = {
            name: database(participant, folder, seed.get(name))
            for name, participant in self._participants.items()
        }

    def saga(self, history: Sequence[Transition], stored: Stored) -> None:
        """Do and undo what is stored of this saga, in the order in which it was asked."""
        asked: dict[tuple[str, str], tuple[Transition, Sent]] = {}
        for transition in history:
            for fact in transition.facts:
                if isinstance(fact, Sent):
                    asked.setdefault((fact.direction, fact.step), (transition, fact))
        for (direction, step), (transition, sent) in asked.items():
            done, undone = stored.get(step, (0, 0))
            name = sent.topic.removesuffix(".commands")
            if (undone if direction == "undo" else done) and name in self._participants:
                self._act(name, transition, sent)

    def _act(self, name: str, transition: Transition, sent: Sent) -> None:
        handler = self._participants[name].commands[sent.command]
        message = {"step": sent.step, "direction": sent.direction, "attempt": sent.attempt}
        db = self._databases[name].writer
        work = self._work(db, DEFAULT_TENANT, transition.saga, transition.at, message)
        answer = handler.function(handler.command.model_validate(sent.data), work)
        if inspect.isawaitable(answer):
            asyncio.run(cast(Any, answer))

    def books(self, name: str) -> Books:
        """The books of this service as they must be."""
        return cast(Participant, self._participants[name]).books(self._databases[name].writer)

    def compared(self, name: str, found: Books) -> Iterator[str]:
        """What the books of this service do not have in common with what they must be."""
        rows, wanted = _unnumbered(found.rows), _unnumbered(self.books(name).rows)
        yield from (f"{name}: unexpected in its books: {row}" for row in rows - wanted)
        yield from (f"{name}: missing in its books: {row}" for row in wanted - rows)

    def close(self) -> None:
        """Close every database."""
        for database in self._databases.values():
            database.close()


def _unnumbered(rows: Sequence[Sequence[object]]) -> Counter[tuple[object, ...]]:
    """The rows without the columns that only number them: their order depends on the run."""
    numbers = list(range(1, len(rows) + 1))
    columns = list(zip(*rows, strict=True))
    kept = [column for column in columns if sorted(map(str, column)) != sorted(map(str, numbers))]
    return Counter(zip(*kept, strict=True))
