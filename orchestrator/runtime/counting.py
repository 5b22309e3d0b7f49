"""What this process decides, as metrics: told of every run once it is committed.

Only the owner of a partition counts its sagas, so the counts of all processes add up. It runs for
every decision: hence a table by type, and no more than a few dict updates a transition.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from contracts.topics import DEAD_LETTERS, EVENTS
from infra.telemetry.metrics import Metrics
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Failed,
    Faulted,
    Late,
    Parked,
    Refused,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Started,
    Stuck,
    Succeeded,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.messages import Outgoing

_MOST: Final = 100_000
"""Commands remembered. Those of lost partitions and skipped steps are never answered here: when it
is full it begins anew, and a few latencies go unmeasured."""


class Counting:
    """Turns committed decisions into counts; remembers when each command went out."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._sent: dict[tuple[int, str], int] = {}
        self._count: dict[type, Callable[[State, int, Any], None]] = {
            Sent: self._went_out,
            Succeeded: self._succeeded,
            Refused: self._refused,
            Faulted: self._faulted,
            Started: lambda after, at, fact: metrics.started.add(after.definition),
            Compensating: lambda after, at, fact: metrics.undos_owed.add(
                after.definition, by=len(fact.owed)
            ),
            Stuck: lambda after, at, fact: metrics.needs_operator.add(after.definition),
            Parked: lambda after, at, fact: metrics.needs_operator.add(after.definition),
            Signalled: lambda after, at, fact: metrics.signals.add(
                after.definition, fact.signal, "applied"
            ),
            SignalHeld: lambda after, at, fact: metrics.signals.add(
                after.definition, fact.signal, "held"
            ),
            SignalRefused: lambda after, at, fact: metrics.signals.add(
                after.definition, fact.signal, "refused"
            ),
            Late: lambda after, at, fact: metrics.late.add(after.definition),
            Completed: lambda after, at, fact: metrics.ended.add(after.definition, "completed"),
            Failed: lambda after, at, fact: metrics.ended.add(after.definition, "failed"),
        }

    def committed(self, partition: int, run: Decisions) -> None:
        """A run of decisions of this partition is in the log and on the disk."""
        self.metrics.log_records.add(str(partition), by=len(run.entries))
        for sealed, state in run.decided():
            self.transition(state, sealed.transition)
        self._answers(run.answers)

    def appended(self, seconds: float) -> None:
        """An append was acknowledged after so long."""
        self.metrics.append_seconds.observe(seconds)

    def transition(self, after: State, transition: Transition) -> None:
        """One transition, and the state after it."""
        self.metrics.transitions.add()
        for fact in transition.facts:
            count = self._count.get(type(fact))
            if count is not None:
                count(after, transition.at, fact)

    def _went_out(self, after: State, at: int, fact: Sent) -> None:
        if len(self._sent) >= _MOST:
            self._sent.clear()
        self._sent[after.saga, fact.step] = at

    def _succeeded(self, after: State, at: int, fact: Succeeded) -> None:
        self._settled(after, at, fact)
        if fact.direction == "undo":
            self.metrics.undos_done.add(after.definition, fact.step)

    def _refused(self, after: State, at: int, fact: Refused) -> None:
        self._settled(after, at, fact)
        self.metrics.refusals.add(after.definition, fact.step, fact.code)

    def _settled(self, after: State, at: int, fact: Succeeded | Refused) -> None:
        sent = self._sent.pop((after.saga, fact.step), None)
        if sent is not None:
            seconds = (at - sent) / 1_000
            self.metrics.step_seconds.observe(seconds, after.definition, fact.step, fact.direction)

    def _faulted(self, after: State, _at: int, fact: Faulted) -> None:
        self._sent.pop((after.saga, fact.step), None)
        self.metrics.retries.add(after.definition, fact.step, fact.direction, fact.cause)

    def _answers(self, answers: Iterable[Outgoing]) -> None:
        for answer in answers:
            if answer.topic == DEAD_LETTERS:
                origin = dict(answer.record.headers).get("dlq-topic", b"").decode()
                self.metrics.dead_letters.add(origin)
            elif answer.topic == EVENTS:  # refusals, and outcomes that are told once more
                event: dict[str, Any] = msgspec.json.decode(answer.record.value or b"{}")
                if event.get("type") == "SagaRefused":
                    self.metrics.start_refusals.add(event["data"]["code"])
