"""The steps and waits of generated definitions, with short times."""

import random
from typing import Literal

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import Call, Kind, Retry, Step, Wait
from tests.simulation.works.participant import REFUSALS, TOPIC

FIELDS = {"order": "input.order"}
_CHILD_FAILS = {
    **REFUSALS,
    "rejected": 409,
    "no_answer": 504,
    "cancelled": 409,
    "deadline_exceeded": 504,
}


def wait(chance: random.Random, name: str, *, committed: bool) -> Wait:
    """A wait for a yes, for anything said, or for the time alone; past the point of no return it
    cannot refuse.
    """
    said = chance.random() < 0.85
    accepts = "yes" if said and not committed and chance.random() < 0.7 else ""
    expires: Literal["done", "refused"] = "done"
    if said and not committed and chance.random() < 0.5:
        expires = "refused"
    return Wait(
        name,
        f"answer-{name}" if said else "",
        ("yes",) if accepts else (),
        chance.choice((300, 1_500, 4_000, 8_000) if said else (200, 900)),
        expires,
        {"yes": True} if expires == "done" and said else {},
        {"rejected": 409} if accepts or expires == "refused" else {},
        accepts,
        said and chance.random() < 0.3,
    )


def step(chance: random.Random, name: str, kind: Kind) -> Step:
    """A step of the participant's."""
    timeout_ms = chance.choice((400, 1_500, 5_000))
    return Step(
        name=name,
        kind=kind,
        do=Call("Look" if kind == "read" else "Act", TOPIC, FIELDS),
        undo=Call("Reverse", TOPIC, FIELDS) if kind == "compensatable" else None,
        timeout_ms=timeout_ms,
        retry=_retry(chance, may_end=kind in ("compensatable", "read")),
        undo_timeout_ms=chance.choice((400, 1_500)),
        undo_retry=_retry(chance, may_end=chance.random() < 0.3),
        refusals={} if kind == "retriable" or name.startswith("r") else dict(REFUSALS),
    )


def child(chance: random.Random, name: str, kind: Kind, saga: str) -> Step:
    """A step that another saga does, asked for again and again."""
    undo = {**FIELDS, "kid": f"{name}.kid"}
    return Step(
        name=name,
        kind=kind,
        do=Call(saga, REQUESTS, FIELDS, ("kid", "order")),
        undo=Call("Recall", TOPIC, undo) if kind == "compensatable" else None,
        timeout_ms=chance.choice((400, 1_500, 5_000)),
        retry=Retry(attempts=0, initial_ms=chance.choice((50, 300)), maximum_ms=2_000),
        undo_timeout_ms=1_500,
        undo_retry=_retry(chance, may_end=chance.random() < 0.3),
        refusals=_CHILD_FAILS,
        child=saga,
    )


def _retry(chance: random.Random, *, may_end: bool) -> Retry:
    attempts = chance.choice((1, 3, 6)) if may_end else chance.choice((8, 30))
    return Retry(attempts=attempts, initial_ms=chance.choice((50, 300)), maximum_ms=2_000)
