"""What there is to fill a message from, at each place of a saga."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Final

from pydantic import BaseModel

from contracts.messages import Reply, Signal
from orchestrator.definition.compiling.carried import ABOUT as ABOUT_SIGNAL
from orchestrator.definition.compiling.carried import SAID, carried
from orchestrator.definition.compiling.contract import Contract, wanted, written
from orchestrator.definition.compiling.events import Fill
from orchestrator.definition.compiling.filling import Origin, Scope, fill
from orchestrator.definition.compiling.positions import before, positions, relation
from orchestrator.definition.compiling.shapes import Shape, describe, fits
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Leaf, Node, Step, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.definition.words.specs import EventSpec

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

TURNED: Final = {**ABOUT, **{name: FAILURE[name] for name in ("code", "reason", "status")}}
"""Facts about a saga that is being undone; mapped explicitly, as an undo may have a reason too."""

_WHY: Final = {
    "itself": "when the outcome of the step is unknown, its own reply never came",
    "later": "that step comes later",
    "beside": "that step runs in parallel, and its reply may not have come",
}
_NOT_BEGUN: Final = "the event is told before the first step begins"
_CHANGED: Final = "the signal may come before that step has been answered"
_FAILED: Final = "a saga that failed may have no reply of that step"
_NOT_FAILED: Final = "only a saga that has failed knows it"


class Filler:
    """Fills the messages of one saga; knows what each of its steps is answered with and when."""

    def __init__(
        self,
        place: str,
        model: type[BaseModel],
        body: Iterable[Node],
        replies: Mapping[str, Contract],
    ) -> None:
        self._place = place
        self._places = positions(body)
        self._replies = replies
        # A child is never given up: whoever undoes it has been told of its success.
        self._answered = {
            leaf.name for leaf in steps_of(body) if isinstance(leaf, Step) and leaf.child
        }
        # What only time answers says nothing that anybody meant.
        self._mute = {leaf.name for leaf in steps_of(body) if _only_time(leaf)}
        given = written(place, model)
        # An input has been through its contract before the saga starts: its defaults are there.
        complete = Contract(given.name, given.fields, frozenset(given.fields))
        self._base = {
            "input": Origin(complete, frozenset(), frozenset(complete.fields)),
            "saga": _about(ABOUT),
        }

    def command(
        self, place: str, name: str, message: Contract, fields: Mapping[str, str]
    ) -> dict[str, str]:
        """The fields of a command of that step: what was there when it was asked for."""
        return fill(place, message, fields, self._at(name))

    def undo(
        self, place: str, name: str, message: Contract, fields: Mapping[str, str]
    ) -> dict[str, str]:
        """The fields of the command that undoes that step: the same, why the saga is undone, and of
        a child what it has answered.
        """
        scope = self._at(name, self._answered & {name})
        turned = Scope({**scope.origins, "saga": _about(TURNED)}, scope.absent)
        return fill(place, message, fields, turned)

    def _at(self, name: str, itself: AbstractSet[str] = frozenset()) -> Scope:
        here = self._places[name]
        there = before(name, self._places) | itself
        why = {n: _WHY.get(relation(p, here), "") for n, p in self._places.items()}
        absent = {n: (self._replies[n], why[n]) for n in why if why[n] and n not in there}
        return self._scope(there, absent)

    def result(self, returns: type[Reply]) -> dict[str, str]:
        """The fields of what the saga answers whoever started it as a child."""
        place = f"{self._place}, returns {returns.__name__}"
        return fill(place, wanted(place, returns), {}, self._outcome("completed"))

    def of(self, outcome: str) -> Fill:
        """What fills the events of that outcome."""
        return partial(_event, self._outcome(outcome))

    def of_signal(self, signal: type[Signal]) -> Fill:
        """What fills the events of a change by this signal: the signal, the input, and facts about
        the saga.
        """
        data = carried(self._place, signal)
        fields = {**data.fields, **ABOUT_SIGNAL}
        told = Origin(
            Contract(signal.__name__, fields, frozenset(fields)),
            frozenset({"input"}),
            frozenset({*data.fields, *SAID}),
        )
        scope = self._scope((), {n: (reply, _CHANGED) for n, reply in self._replies.items()})
        return partial(_event, Scope({**scope.origins, "signal": told}, scope.absent))

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
                known = frozenset[str]() if name in self._mute else frozenset(reply.fields)
                origins[name] = Origin(reply, older, known)
        return Scope(origins, {**absent, "saga": (_about(FAILURE).contract, _NOT_FAILED)})


def _about(facts: Mapping[str, Shape], by_name: frozenset[str] = frozenset()) -> Origin:
    return Origin(Contract("the saga", facts, frozenset(facts)), frozenset({"input"}), by_name)


def _event(scope: Scope, place: str, spec: EventSpec) -> dict[str, str]:
    """The fields of an event; its key among them, a text or an integer."""
    contract, key = wanted(place, spec.event), spec.event.key
    fields = fill(place, contract, spec.fields, scope)
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


def _only_time(leaf: Leaf) -> bool:
    return isinstance(leaf, Wait) and not leaf.signal
