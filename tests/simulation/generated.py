"""Definitions drawn from the seed: whatever the rules allow, with short times.

``uses`` are the kinds of nodes that a world has (faults.py): ``waits``, ``children``, ``changes``,
``deadlines``, ``progress``. A saga that another one begins is drawn with it.
"""

import random
from typing import Final, Literal, NamedTuple

from msgspec import UNSET, UnsetType
from pydantic import BaseModel

from contracts.topics import REQUESTS
from orchestrator.definition.builder import Saga
from orchestrator.definition.nodes import (
    Call,
    Change,
    Definition,
    Emit,
    Kind,
    Node,
    Parallel,
    Retry,
    Step,
    Wait,
    version,
)
from tests.simulation.works.participant import EVENTS, REFUSALS, TOPIC

Way = Literal["any", "pivot", "compensatable", "read"]
"""What a saga must be like: ``compensatable`` and ``read`` have no point of no return."""

REORDER: Final = "reorder"
"""The signal that changes the order of a saga."""
DEPTH: Final = 2
_BEFORE: tuple[Kind, ...] = ("compensatable", "compensatable", "compensatable", "read")
_AFTER: tuple[Kind, ...] = ("retriable", "retriable", "read")
_FIELDS = {"order": "input.order"}
_CHILD_FAILS = {**REFUSALS, "no_answer": 504, "cancelled": 409, "deadline_exceeded": 504}


class Order(BaseModel):
    """What a generated saga is about."""

    order: int


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
            body.append(_step(chance, "c", "compensatable"))
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
            (Emit("WorkDone", EVENTS, "input.order", _FIELDS),),
            (Emit("WorkFailed", EVENTS, "input.order", _FIELDS),),
            chance.choice((1_500, 4_000, 10_000)) if self._has("deadlines", 0.6) else UNSET,
            self._changes(body, likely=0.9 if depth else 0.7),
            {**_FIELDS, "kid": "saga.id"} if depth else UNSET,
            True if self._has("progress", 0.5) else UNSET,
        )
        self.sagas.append(Saga(made, Order, version(made)))
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
            return _wait(self._chance, name, committed=name.startswith("r"))
        if of.depth < DEPTH and self._has("children", 0.3 / (of.depth + 1)):
            # What a whole saga did is taken back in one go: it has done all of it itself.
            back = of.way in ("any", "pivot") and self._chance.random() < 0.8
            return self._child(name, "compensatable" if back else "read", of)
        return _step(self._chance, name, self._chance.choice(kinds))

    def _pivot(self, of: _Of) -> Step:
        if of.depth < DEPTH and self._has("children", 0.7):
            return self._child("p", "pivot", of)
        return _step(self._chance, "p", "pivot")

    def _child(self, name: str, kind: Literal["pivot", "compensatable", "read"], of: _Of) -> Step:
        chance = self._chance
        kid = self.draw(f"{of.name}-{name}", kind, of.depth + 1)
        undo = {**_FIELDS, "kid": f"{name}.kid"}
        return Step(
            name=name,
            kind=kind,
            do=Call(kid.name, REQUESTS, _FIELDS, ("order", "kid")),
            undo=Call("Recall", TOPIC, undo) if kind == "compensatable" else None,
            timeout_ms=chance.choice((400, 1_500, 5_000)),
            retry=Retry(attempts=0, initial_ms=chance.choice((50, 300)), maximum_ms=2_000),
            undo_timeout_ms=1_500,
            undo_retry=_retry(chance, may_end=chance.random() < 0.3),
            refusals=_CHILD_FAILS,
            child=kid.name,
        )

    def _changes(self, body: list[Node], *, likely: float) -> tuple[Change, ...] | UnsetType:
        """A signal that changes the order until some step before the point of no return, or until
        some step of a child.
        """
        if not self._has("changes", likely):
            return UNSET
        taking = {saga.name for saga in self.sagas if saga.definition.changes}
        steps = [
            step
            for step in steps_of(body)
            if step.kind in ("compensatable", "read") or step.child is not UNSET
            if step.child is UNSET or step.child in taking
            if not step.name.startswith("r")
        ]
        if not steps:
            return UNSET
        fields = {**_FIELDS, "new": "signal.new", "by": "signal.by"}
        told = Emit("Reordered", EVENTS, "input.order", fields)
        of_children = [step for step in steps if step.child is not UNSET]
        redo = self._chance.choice(of_children or steps).name
        return (Change(REORDER, ("new",), {"order": "new"}, redo, (told,)),)


def steps_of(body: list[Node] | tuple[Node, ...]) -> list[Step]:
    """Every step that sends a command, in the order written."""
    found: list[Step] = []
    for node in body:
        if isinstance(node, Step):
            found.append(node)
        elif isinstance(node, Parallel):
            for branch in node.branches:
                found += steps_of(branch)
    return found


def _wait(chance: random.Random, name: str, *, committed: bool) -> Wait:
    """A wait for a yes, for anything said, or for the time alone; past the point of no return it
    cannot refuse.
    """
    said = chance.random() < 0.85
    accepts = "yes" if said and not committed and chance.random() < 0.7 else ""
    expires: Literal["done", "refused"] = "done"
    if not committed and chance.random() < 0.5:
        expires = "refused"
    return Wait(
        name,
        f"answer-{name}" if said else "",
        ("yes",) if accepts else (),
        chance.choice((300, 1_500, 4_000, 8_000)),
        expires,
        {"yes": True} if expires == "done" and said else {},
        {"rejected": 409} if accepts or expires == "refused" else {},
        accepts,
        chance.random() < 0.3,
    )


def _step(chance: random.Random, name: str, kind: Kind) -> Step:
    timeout_ms = chance.choice((400, 1_500, 5_000))
    undo = Call("Reverse", TOPIC, _FIELDS) if kind == "compensatable" else None
    return Step(
        name=name,
        kind=kind,
        do=Call("Look" if kind == "read" else "Act", TOPIC, _FIELDS),
        undo=undo,
        timeout_ms=timeout_ms,
        retry=_retry(chance, may_end=kind in ("compensatable", "read")),
        undo_timeout_ms=chance.choice((400, 1_500)),
        undo_retry=_retry(chance, may_end=chance.random() < 0.3),
        refusals={} if kind == "retriable" or name.startswith("r") else dict(REFUSALS),
    )


def _retry(chance: random.Random, *, may_end: bool) -> Retry:
    attempts = chance.choice((1, 3, 6)) if may_end else chance.choice((8, 30))
    return Retry(attempts=attempts, initial_ms=chance.choice((50, 300)), maximum_ms=2_000)
