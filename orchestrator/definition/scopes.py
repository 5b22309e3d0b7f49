"""What there is to fill a message from, at each place of a saga."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import BaseModel

from contracts.messages import Command
from orchestrator.definition.contract import Contract, wanted, written
from orchestrator.definition.declarations import check_command
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.filling import Origin, Scope, fill
from orchestrator.definition.nodes import Node
from orchestrator.definition.positions import before, positions, relation
from orchestrator.definition.shapes import Shape, describe, fits
from orchestrator.definition.steps import EventSpec, StepSpec, Undo

_TEXT, _INTEGER = Shape({"type": "string"}, {}), Shape({"type": "integer"}, {})
_NAMES = Shape({"type": "array", "items": {"type": "string"}}, {})

ABOUT: Final[Mapping[str, Shape]] = {"id": _INTEGER, "key": _TEXT, "tenant": _INTEGER}
"""Facts about every saga; mapped explicitly, as their names are everybody's."""

FAILURE: Final[Mapping[str, Shape]] = {
    "code": _TEXT,
    "reason": _TEXT,
    "status": _INTEGER,
    "undone": _NAMES,
}
"""Facts about a saga that failed; found by name."""

_WHY: Final = {
    "itself": "when the outcome of the step is unknown, its own reply never came",
    "later": "that step comes later",
    "beside": "that step runs in parallel, and its reply may not have come",
}
_NOT_BEGUN: Final = "the event is told before the first step begins"
_FAILED: Final = "a saga that failed may have no reply of that step"
_NOT_FAILED: Final = "only a saga that has failed knows it"


class Filler:
    """Fills the messages of one saga; knows what each of its steps is answered with and when."""

    def __init__(
        self,
        place: str,
        model: type[BaseModel],
        body: Iterable[Node],
        commands: Mapping[str, type[Command]],
    ) -> None:
        self._place = place
        self._places = positions(body)
        self._replies = {
            name: written(f"{place}, step {name}", command.reply)
            for name, command in commands.items()
        }
        given = written(place, model)
        # An input has been through its contract before the saga starts: its defaults are there.
        complete = Contract(given.name, given.fields, frozenset(given.fields))
        self._base = {
            "input": Origin(complete, frozenset(), frozenset(complete.fields)),
            "saga": _about(ABOUT),
        }

    def step(self, spec: StepSpec) -> dict[str, str]:
        """The fields of a step's command."""
        return self._command(f"step {spec.name}", spec.name, spec.command, spec.fields)

    def undo(self, name: str, undo: Undo) -> dict[str, str]:
        """The fields of the command that undoes a step: what was there when it was asked for."""
        return self._command(f"step {name}, undo", name, undo.command, undo.fields)

    def event(self, place: str, outcome: str, spec: EventSpec) -> dict[str, str]:
        """The fields of an event of that outcome; its key among them, a text or an integer."""
        contract, key = wanted(place, spec.event), spec.event.key
        fields = fill(place, contract, spec.fields, self._outcome(outcome))
        if key not in fields:
            raise DefinitionError(
                f"{place}, field {key}",
                "it is the event's key, and nothing fills it",
                f"Map it in event({contract.name}, fields=...), or name another field as its key",
            )
        if not any(fits(contract.fields[key], one) for one in (_TEXT, _INTEGER)):
            raise DefinitionError(
                f"{place}, field {key}",
                f"it is the event's key, and {describe(contract.fields[key])}",
                "Name a field as the key that is a text or an integer",
            )
        return fields

    def _command(
        self, place: str, name: str, command: type[Command], fields: Mapping[str, str]
    ) -> dict[str, str]:
        place = f"{self._place}, {place}"
        message = wanted(place, check_command(place, command))
        here = self._places[name]
        why = {n: _WHY.get(relation(p, here), "") for n, p in self._places.items()}
        absent = {n: (self._replies[n], reason) for n, reason in why.items() if reason}
        return fill(place, message, fields, self._scope(before(name, self._places), absent))

    def _outcome(self, outcome: str) -> Scope:
        if outcome == "completed":
            return self._scope(self._places, {})
        why = _NOT_BEGUN if outcome == "started" else _FAILED
        scope = self._scope((), {name: (reply, why) for name, reply in self._replies.items()})
        if outcome == "started":
            return scope
        failure = _about({**ABOUT, **FAILURE}, frozenset(FAILURE))
        return Scope({**scope.origins, "saga": failure}, scope.absent)

    def _scope(self, there: Iterable[str], absent: Mapping[str, tuple[Contract, str]]) -> Scope:
        origins = dict(self._base)
        for name in self._places:
            if name in there:
                reply = self._replies[name]
                older = before(name, self._places) | {"input"}
                origins[name] = Origin(reply, older, frozenset(reply.fields))
        return Scope(origins, {**absent, "saga": (_about(FAILURE).contract, _NOT_FAILED)})


def _about(facts: Mapping[str, Shape], by_name: frozenset[str] = frozenset()) -> Origin:
    return Origin(Contract("the saga", facts, frozenset(facts)), frozenset({"input"}), by_name)
