"""What a transition leads to outside its saga: commands, children, an end."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import Direction
from orchestrator.engine.facts import (
    Completed,
    Failed,
    Faulted,
    Halted,
    Late,
    Parked,
    Sent,
    Stuck,
    Transition,
    Waited,
)
from orchestrator.simulate.answers import Answers
from orchestrator.simulate.labels import Labels
from orchestrator.simulate.outcomes import Outcomes, Part
from orchestrator.simulate.situation import Child, Edge, End, Send


class Effects:
    """The effects of the transitions of one saga. ``sends`` is all that is asked of anybody."""

    def __init__(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # the saga
        self,
        saga: str,
        slots: Mapping[str, int],
        answers: Answers,
        outcomes: Mapping[Part, Outcomes],
        labels: Labels,
    ) -> None:
        self._saga = saga
        self._slots = slots
        self._answers = answers
        self._outcomes = outcomes
        self._labels = labels
        self.sends: dict[tuple[Part, int, int], Send] = {}
        self._effects: dict[type, Callable[[Edge, Any], None]] = {
            Sent: self._sent,
            Waited: self._waited,
            Faulted: self._faulted,
            Halted: self._halted,
            Late: _late,
            Completed: _completed,
            Failed: _failed,
            Stuck: _stuck,
            Parked: _parked,
        }

    def of(self, edge: Edge, transition: Transition) -> None:
        """Note on the edge what the facts of its transition lead to."""
        for fact in transition.facts:
            effect = self._effects.get(type(fact))
            if effect is not None:
                effect(edge, fact)
        edge.family = bool(edge.children or edge.halts)
        state = edge.target.state
        if state.late:
            edge.lost = End("completed", "", "")
        elif state.mode not in ("forward", "completed"):
            edge.lost = End("failed", state.code, edge.target.turned)

    def _sent(self, edge: Edge, fact: Sent) -> None:
        if fact.direction == "do":
            edge.touched |= self._labels.bit(self._saga, fact.step, "begun")
        if fact.topic == REQUESTS:
            slot = self._slots[fact.step]
            child = Child(fact.command, slot, fact.step, fact.round, bool(fact.until))
            edge.children += (child,)
        else:
            edge.sends += self._send(fact.step, fact.direction, fact.round, fact.attempt)

    def _waited(self, edge: Edge, fact: Waited) -> None:
        edge.touched |= self._labels.bit(self._saga, fact.step, "begun")
        edge.sends += self._send(fact.step, "do", 1, 1)

    def _faulted(self, edge: Edge, fact: Faulted) -> None:
        if fact.direction == "do":
            edge.touched |= self._labels.bit(self._saga, fact.step, "failed")

    def _halted(self, edge: Edge, fact: Halted) -> None:
        edge.halts += (self._slots[fact.step],)

    def _send(self, step: str, direction: Direction, number: int, attempt: int) -> tuple[Send, ...]:
        """A command, or a wait that somebody may answer."""
        part = Part(self._saga, step, direction)
        outcomes = self._outcomes.get(part)
        if outcomes is None:
            return ()  # a wait for no signal: only time counts
        place = (part, number, attempt)
        if place not in self.sends:
            keys = [self._answers.of(step, direction, number, attempt, one) for one in outcomes]
            self.sends[place] = Send(part, number, attempt, tuple(keys))
        return (self.sends[place],)


def _late(edge: Edge, _: Late) -> None:
    edge.late = True


def _completed(edge: Edge, _: Completed) -> None:
    edge.end = End("completed", "", "")


def _failed(edge: Edge, fact: Failed) -> None:
    edge.end = End("failed", fact.code, edge.target.turned)


def _stuck(edge: Edge, fact: Stuck) -> None:
    edge.end = End("needs_operator", fact.direction, fact.step)


def _parked(edge: Edge, _: Parked) -> None:
    edge.end = End("needs_operator", "parked", "")
