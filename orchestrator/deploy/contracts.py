"""Whether the contracts of the new program still read what a saga will send, and what waits to be
read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import Call, Emit, Step
from orchestrator.definition.spoken import Place, Spoken, carried, misread
from orchestrator.engine.hindrances import may_turn
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.engine.unfilled import may_be_asked, may_stand, there

Data = Mapping[str, Mapping[str, Any]]


class Contracts:
    """The contracts of the new program; ``inputs`` are those of its sagas, by name."""

    def __init__(self, spoken: Spoken, inputs: Mapping[str, type[BaseModel]]) -> None:
        self.inputs = inputs
        self._spoken = spoken
        self._topics = spoken.topics
        self._carried: dict[Place, set[str]] = {}

    def hindrances(self, plan: Plan, state: State) -> list[str]:
        """Why the saga cannot go on by this plan once the new contracts are in use."""
        data = there(state)
        found: list[str] = []
        turns = may_turn(plan, state)
        for name, planned in plan.steps.items():
            node, step = planned.step, state.steps.get(name)
            if not isinstance(node, Step):
                continue
            if may_be_asked(node, step, state):
                found += self._command(name, node.do, data)
                found += self._reply(name, node.do)
            undone = state.mode == "forward" if step is None else may_stand(step)
            if node.undo and turns and undone:
                found += self._command(name, node.undo, data)
        return list(dict.fromkeys(found))

    def unread_events(self, plan: Plan, state: State) -> list[str]:
        """Events of its end that would not be read any more."""
        ends = plan.definition.completed if state.mode == "forward" else plan.definition.failed
        return list(self._events(ends, there(state)))

    def command(self, topic: str, kind: str, data: dict[str, Any]) -> str:
        """Why this command, which waits on a topic, is not read any more; empty: it is."""
        contract = self._spoken.commands.get((topic, kind))
        if contract is None:
            return f"nobody takes {kind} on {topic} any more" if topic in self._topics else ""
        why = misread(contract, data)
        return f"{kind} is not read any more: {why}" if why else ""

    def _command(self, name: str, call: Call, data: Data) -> Iterator[str]:
        known = _known(call.fields, data)
        contract = self._spoken.commands.get((call.topic, call.command))
        child = self.inputs.get(call.command)
        if contract is not None:
            why = misread(contract, known, known)
            if why:
                yield f"step {name}: {call.command} is not read any more: {why}"
        elif call.topic in self._topics:
            yield f"step {name}: nobody takes {call.command} on {call.topic} any more"
        elif child is not None and call.topic == REQUESTS:
            why = misread(child, known, known)
            if why:
                yield f"step {name}: saga {call.command} does not take its input any more: {why}"

    def _reply(self, name: str, call: Call) -> Iterator[str]:
        place = (call.topic, call.command)
        contract = self._spoken.commands.get(place)
        if contract is None:
            return
        if place not in self._carried:
            self._carried[place] = carried(contract)
        missing = [field for field in call.reply if field not in self._carried[place]]
        if missing:
            lost = ", ".join(missing)
            yield f"step {name}: the reply to {call.command} does not carry {lost} any more"

    def _events(self, emits: tuple[Emit, ...], data: Data) -> Iterator[str]:
        for emit in emits:
            contract = self._spoken.events.get((emit.topic, emit.event))
            if contract is not None:
                known = _known(emit.fields, data)
                why = misread(contract, known, known)
                if why:
                    yield f"event {emit.event} is not read any more: {why}"


def _known(fields: Mapping[str, str], data: Data) -> dict[str, Any]:
    """The fields of a message that are known already, filled."""
    found: dict[str, Any] = {}
    for field, source in fields.items():
        section, _, key = source.partition(".")
        if key in data.get(section, ()):
            found[field] = data[section][key]
    return found
