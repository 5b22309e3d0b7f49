"""A decision in the making: a draft of the state and the facts told so far.

Every change goes through a fact, so that the draft is at all times what the facts fold to.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.definition.nodes import Direction
from orchestrator.engine.evolve import apply
from orchestrator.engine.facts import Emitted, Fact, Sent, Waited
from orchestrator.engine.plan import Plan, Planned, PlannedEvent, PlannedStep
from orchestrator.engine.state import State


class Work:
    """The draft of one saga while one input is decided at the time ``at`` (Unix ms)."""

    __slots__ = ("plan", "state", "at", "facts")

    def __init__(self, plan: Plan, state: State, at: int) -> None:
        self.plan = plan
        self.state = state
        self.at = at
        self.facts: list[Fact] = []

    @property
    def committed(self) -> str:
        """The step after which there is no way back, once it has been commanded; else empty. Of a
        child that decides this itself nobody here knows while it runs.
        """
        deciding = self.deciding
        names = (name for name in self.plan.committing if name in self.state.steps)
        return next((name for name in names if name != deciding), "")

    @property
    def deciding(self) -> str:
        """The step whose child is running and has a point of no return of its own; else empty."""
        for name in self.plan.deciding:
            step = self.state.steps.get(name)
            if step is not None and step.waits:
                return name
        return ""

    def tell(self, fact: Fact) -> None:
        """Add a fact; the draft follows."""
        self.facts.append(fact)
        apply(self.state, fact, self.at)

    def begin(self, step: Planned) -> None:
        """Begin a step: ask its participant, or wait. Raises KeyError as ``send`` does."""
        if isinstance(step, PlannedStep):
            self.send(step, "do", 1, 1)
        else:
            wait = step.step
            self.tell(Waited(step.name, self.at + wait.timeout_ms, wait.person))

    def send(self, step: PlannedStep, direction: Direction, number: int, attempt: int) -> None:
        """Send one attempt of a round: all of them say the same. Raises KeyError when a field has
        nothing to be filled from.
        """
        call = step.undo if direction == "undo" else step.do
        assert call is not None  # an undo is owed only by steps that have one
        timeout = step.step.timeout_ms if direction == "do" else step.step.undo_timeout_ms
        asked = self.state.asked
        changed = asked.get(f"{step.name}/{number}") if asked and direction == "do" else None
        data = call.filling.fill(self.sources(call.filling.sections, changed))
        self.tell(
            Sent(
                step.name,
                direction,
                number,
                attempt,
                self.at + timeout,
                call.command,
                call.topic,
                data,
                self.state.deadline if step.decides else 0,
                (step.step.child or "") if direction == "undo" else "",
            )
        )

    def emit(
        self,
        events: Iterable[PlannedEvent],
        told: str = "",
        signal: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell events of the business; their ids are stable, as a saga tells each of them once, and
        once for every signal (``told`` is its number, ``signal`` what it carried).
        """
        for event in events:
            data = self.sources(event.filling.sections | {"saga"})
            if signal is not None:
                data["signal"] = dict(signal)
            self.tell(
                Emitted(
                    id=f"{self.state.saga}/{event.event}{told and '/'}{told}",
                    event=event.event,
                    topic=event.topic,
                    key=event.key(data),
                    data=event.filling.fill(data),
                )
            )

    def result(self) -> dict[str, Any]:
        """What the saga answers its parent when it completes."""
        result = self.plan.result
        return result.fill(self.sources(result.sections)) if result.sections else {}

    def sources(
        self, sections: frozenset[str], changed: Mapping[str, Any] | None = None
    ) -> dict[str, dict[str, Any]]:
        """The saga's data: its input as signals have changed it (by now, or up to what is given),
        and the facts about the saga itself where a message asks for them.
        """
        state = self.state
        data = state.data
        changed = state.changed if changed is None else changed
        if changed:
            data = {**data, "input": {**data["input"], **changed}}
        if "saga" not in sections:
            return data
        about = {
            "id": state.saga,
            "key": state.key,
            "tenant": state.tenant,
            "code": state.code,
            "reason": state.reason,
            "status": state.http,
            "undone": list(state.undone),
        }
        return {**data, "saga": about}
