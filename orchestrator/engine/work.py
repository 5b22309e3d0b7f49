"""A decision in the making: a draft of the state and the facts told so far.

Every change goes through a fact, so that the draft is at all times what the facts fold to.
"""

from typing import Any

from orchestrator.definition.nodes import Direction
from orchestrator.engine.evolve import apply
from orchestrator.engine.facts import Emitted, Fact, Sent
from orchestrator.engine.plan import Plan, PlannedEvent, PlannedStep
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
        """The step after which there is no way back, once it has been commanded; else empty."""
        return next((name for name in self.plan.committing if name in self.state.steps), "")

    def tell(self, fact: Fact) -> None:
        """Add a fact; the draft follows."""
        self.facts.append(fact)
        apply(self.state, fact, self.at)

    def send(self, step: PlannedStep, direction: Direction, number: int, attempt: int) -> None:
        """Send one attempt of a round. Raises KeyError when a field has nothing to be filled
        from.
        """
        call = step.undo if direction == "undo" else step.do
        assert call is not None  # an undo is owed only by steps that have one
        timeout = step.step.timeout_ms if direction == "do" else step.step.undo_timeout_ms
        data = call.filling.fill(self.sources(call.filling.sections))
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
            )
        )

    def emit(self, events: tuple[PlannedEvent, ...]) -> None:
        """Tell events of the business; their ids are stable, as a saga tells each of them once."""
        for event in events:
            data = self.sources(event.filling.sections | {"saga"})
            self.tell(
                Emitted(
                    id=f"{self.state.saga}/{event.event}",
                    event=event.event,
                    topic=event.topic,
                    key=event.key(data),
                    data=event.filling.fill(data),
                )
            )

    def sources(self, sections: frozenset[str]) -> dict[str, dict[str, Any]]:
        """The saga's data, with the facts about the saga itself where a message asks for them."""
        state = self.state
        if "saga" not in sections:
            return state.data
        about = {
            "id": state.saga,
            "key": state.key,
            "tenant": state.tenant,
            "code": state.code,
            "reason": state.reason,
            "status": state.http,
            "undone": list(state.undone),
        }
        return {**state.data, "saga": about}
