"""What this process decides, as metrics: told of every run once it is committed.

Only the owner of a partition counts its sagas, so the counts of all processes add up.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from contracts.topics import DEAD_LETTERS, EVENTS
from infra.telemetry.metrics import Metrics
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Fact,
    Failed,
    Faulted,
    Parked,
    Refused,
    Sent,
    Started,
    Stuck,
    Succeeded,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.telling import tell
from orchestrator.runtime.wire import Outgoing

_MOST: Final = 100_000  # commands out at a time; beyond it latencies go unmeasured, nothing else
_Place = tuple[int, str]


class Counting:
    """Turns committed decisions into counts; remembers when each command went out."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._sent: dict[_Place, int] = {}

    def committed(self, partition: int, run: Decisions) -> None:
        """A run of decisions of this partition is in the log and on the disk."""
        self.metrics.log_records.add(str(partition), by=len(run.entries))
        for sealed, state in run.decided():
            self.transition(state, sealed.transition)
        self._answers(run.answers)

    def transition(self, after: State, transition: Transition) -> None:
        """One transition, and the state after it."""
        self.metrics.transitions.add()
        for fact in transition.facts:
            self._fact(after, transition.at, fact)

    def _fact(self, after: State, at: int, fact: Fact) -> None:
        metrics, name = self.metrics, after.definition
        match fact:
            case Sent():
                if len(self._sent) < _MOST:
                    self._sent[after.saga, fact.step] = at
            case Succeeded() | Refused():
                self._settled(after, at, fact)
            case Started():
                metrics.started.add(name)
            case Faulted():
                self._sent.pop((after.saga, fact.step), None)
                metrics.retries.add(name, fact.step, fact.direction, fact.cause)
            case Compensating():
                metrics.undos_owed.add(name, by=len(fact.owed))
            case Stuck() | Parked():
                metrics.needs_operator.add(name)
                tell(after, fact)
            case Completed():
                metrics.ended.add(name, "completed")
            case Failed():
                metrics.ended.add(name, "failed")
                tell(after, fact)
            case _:
                pass

    def _settled(self, after: State, at: int, fact: Succeeded | Refused) -> None:
        name = after.definition
        sent = self._sent.pop((after.saga, fact.step), None)
        if sent is not None:
            self.metrics.step_seconds.observe((at - sent) / 1_000, name, fact.step, fact.direction)
        if isinstance(fact, Refused):
            self.metrics.refusals.add(name, fact.step, fact.code)
        elif fact.direction == "undo":
            self.metrics.undos_done.add(name, fact.step)

    def appended(self, seconds: float) -> None:
        """An append was acknowledged after so long."""
        self.metrics.append_seconds.observe(seconds)

    def _answers(self, answers: Iterable[Outgoing]) -> None:
        for answer in answers:
            if answer.topic == DEAD_LETTERS:
                origin = dict(answer.record.headers).get("dlq-topic", b"").decode()
                self.metrics.dead_letters.add(origin)
            elif answer.topic == EVENTS:  # refusals, and outcomes that are told once more
                event: dict[str, Any] = msgspec.json.decode(answer.record.value or b"{}")
                if event.get("type") == "SagaRefused":
                    self.metrics.start_refusals.add(event["data"]["code"])
