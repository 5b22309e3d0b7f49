"""Definitions drawn from the seed: whatever the rules allow, with short times.

``uses`` are the kinds of nodes that a world has (faults.py): ``waits``, ``children``, ``changes``,
``deadlines``, ``progress``. A saga that another one begins is drawn with it.
"""

import random
from typing import Final, Literal, NamedTuple

from msgspec import UNSET, UnsetType
from pydantic import BaseModel

from contracts.messages import Signal
from orchestrator.definition.nodes import (
    Change,
    Definition,
    Emit,
    Kind,
    Node,
    Parallel,
    Step,
    Wait,
    version,
)
from orchestrator.definition.rules import check
from orchestrator.definition.tree import steps_of
from orchestrator.definition.words.builder import Saga
from tests.simulation.nodes import FIELDS, child, step, wait
from tests.simulation.works.participant import EVENTS

Way = Literal["any", "pivot", "compensatable", "read"]
"""What a saga must be like: ``compensatable`` and ``read`` have no point of no return."""

REORDER: Final = "reorder"
"""The signal that changes the order of a saga."""
DEPTH: Final = 2
_BEFORE: tuple[Kind, ...] = ("compensatable", "compensatable", "compensatable", "read")
_AFTER: tuple[Kind, ...] = ("retriable", "retriable", "read")


class Order(BaseModel):
    """What a generated saga is about."""

    order: int


class Reorder(Signal):
    """Make it another order."""

    name = REORDER
    new: int


def generated(chance: random.Random, name: str, uses: frozenset[str] = frozenset()) -> list[Saga]:
    """A saga of one to six steps, some side by side, perhaps with a point of no return; behind it
    the sagas that it begins.
    """
    family = _Family(chance, uses)
    family.draw(name, "any", 0)
    return family.sagas[::-1]


class _Of(NamedTuple):
    """The saga that a step is of."""

    name: str
    way: Way
    depth: int


class _Family:
    """A saga and those that it begins; ``sagas`` are the youngest first."""

    def __init__(self, chance: random.Random, uses: frozenset[str]) -> None:
        self.sagas: list[Saga] = []
        self._chance = chance
        self._uses = uses

    def draw(self, name: str, way: Way, depth: int) -> Definition:
        """Draw a saga of this name."""
        chance = self._chance
        kinds: tuple[Kind, ...] = ("read",) if way == "read" else _BEFORE
        of = _Of(name, way, depth)
        body = [self._some(f"a{n}", kinds, of) for n in range(chance.randint(1, 3))]
        if way == "compensatable":
            body.append(step(chance, "c", "compensatable"))
        likely = 0.6 if "children" in self._uses else 0.4
        if way == "pivot" or (way == "any" and chance.random() < likely):
            body.append(self._pivot(of))
            if chance.random() < 0.7:
                body.append(self._some("r", _AFTER, _Of(name, way, DEPTH)))
        made = Definition(
            name,
            {},
            tuple(body),
            (),
            (Emit("WorkDone", EVENTS, "input.order", FIELDS),),
            (Emit("WorkFailed", EVENTS, "input.order", FIELDS),),
            chance.choice((1_500, 4_000, 10_000)) if self._has("deadlines", 0.6) else UNSET,
            self._changes(body, likely=0.9 if depth else 0.7),
            {**FIELDS, "kid": "saga.id"} if depth else UNSET,
            True if self._has("progress", 0.5) else UNSET,
        )
        check(made)
        signals: dict[str, type[Signal]] = {REORDER: Reorder} if made.changes else {}
        self.sagas.append(Saga(made, Order, version(made), signals))
        return made

    def _has(self, what: str, likely: float) -> bool:
        return what in self._uses and self._chance.random() < likely

    def _some(self, name: str, kinds: tuple[Kind, ...], of: _Of) -> Node:
        chance = self._chance
        if chance.random() < 0.5:
            return self._one(name, kinds, of)
        branches = [
            tuple(self._one(f"{name}{branch}{n}", kinds, of) for n in range(chance.randint(1, 2)))
            for branch in "xyz"[: chance.randint(2, 3)]
        ]
        return Parallel(tuple(branches))

    def _one(self, name: str, kinds: tuple[Kind, ...], of: _Of) -> Step | Wait:
        if self._has("waits", 0.3):
            return wait(self._chance, name, committed=name.startswith("r"))
        if of.depth < DEPTH and self._has("children", 0.3 / (of.depth + 1)):
            # What a whole saga did is taken back in one go: it has done all of it itself.
            back = of.way in ("any", "pivot") and self._chance.random() < 0.8
            return self._child(name, "compensatable" if back else "read", of)
        return step(self._chance, name, self._chance.choice(kinds))

    def _pivot(self, of: _Of) -> Step:
        if of.depth < DEPTH and self._has("children", 0.7):
            return self._child("p", "pivot", of)
        return step(self._chance, "p", "pivot")

    def _child(self, name: str, kind: Literal["pivot", "compensatable", "read"], of: _Of) -> Step:
        kid = self.draw(f"{of.name}-{name}", kind, of.depth + 1)
        return child(self._chance, name, kind, kid.name)

    def _changes(self, body: list[Node], *, likely: float) -> tuple[Change, ...] | UnsetType:
        """A signal that changes the order until some step before the point of no return, or until
        some step of a child.
        """
        if not self._has("changes", likely):
            return UNSET
        taking = {saga.name for saga in self.sagas if saga.definition.changes}
        steps = [
            one
            for one in steps_of(body)
            if isinstance(one, Step) and not one.name.startswith("r")
            if one.child in taking or (not one.child and one.kind in ("compensatable", "read"))
        ]
        if not steps:
            return UNSET
        fields = {**FIELDS, "new": "signal.new", "by": "signal.by"}
        told = Emit("Reordered", EVENTS, "input.order", fields)
        of_children = [one for one in steps if one.child]
        redo = self._chance.choice(of_children or steps).name
        return (Change(REORDER, ("new",), {"order": "new"}, redo, (told,)),)
