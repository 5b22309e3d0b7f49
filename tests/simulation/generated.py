"""Definitions drawn from the seed: whatever the rules allow, with short times."""

import random

from pydantic import BaseModel

from orchestrator.definition.builder import Saga
from orchestrator.definition.nodes import (
    Call,
    Definition,
    Emit,
    Kind,
    Node,
    Parallel,
    Retry,
    Step,
    version,
)
from orchestrator.definition.rules import check
from tests.simulation.works.participant import EVENTS, REFUSALS, TOPIC

_BEFORE: tuple[Kind, ...] = ("compensatable", "compensatable", "compensatable", "read")
_AFTER: tuple[Kind, ...] = ("retriable", "retriable", "read")
_FIELDS = {"order": "input.order"}


class Order(BaseModel):
    """What a generated saga is about."""

    order: int


def generated(chance: random.Random, name: str) -> Saga:
    """A saga of one to six steps, some side by side, perhaps with a point of no return."""
    body: list[Node] = []
    for n in range(chance.randint(1, 3)):
        body.append(_some(chance, f"a{n}", _BEFORE))
    if chance.random() < 0.4:
        body.append(_step(chance, "p", "pivot"))
        if chance.random() < 0.7:
            body.append(_some(chance, "r", _AFTER))
    ended = Emit("WorkDone", EVENTS, "input.order", _FIELDS)
    failed = Emit("WorkFailed", EVENTS, "input.order", _FIELDS)
    definition = Definition(name, {}, tuple(body), (), (ended,), (failed,))
    check(definition)
    return Saga(definition, Order, version(definition))


def _some(chance: random.Random, name: str, kinds: tuple[Kind, ...]) -> Node:
    if chance.random() < 0.5:
        return _step(chance, name, chance.choice(kinds))
    branches = [
        tuple(
            _step(chance, f"{name}{branch}{n}", chance.choice(kinds))
            for n in range(chance.randint(1, 2))
        )
        for branch in "xyz"[: chance.randint(2, 3)]
    ]
    return Parallel(tuple(branches))


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
    attempts = chance.choice((1, 2, 4)) if may_end else chance.choice((8, 30))
    return Retry(attempts=attempts, initial_ms=chance.choice((50, 300)), maximum_ms=2_000)
