"""Sagas to simulate: one that looks like the seed's order lifecycle, and small ones."""

from typing import Any

from msgspec import UNSET

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import (
    Call,
    Definition,
    Kind,
    Node,
    Parallel,
    Retry,
    Step,
    Wait,
)
from orchestrator.simulate.cast import Family, family_of
from orchestrator.simulate.durations import Constant, Duration
from orchestrator.simulate.outcomes import Given, Outcome, Outcomes

SEED = Retry(3, 1_000, 10_000, 2.0)
STUBBORN = Retry(100, 1_000, 60_000, 2.0)
FOR_EVER = Retry(0, 1_000, 60_000, 2.0)


def step(
    name: str,
    kind: Kind = "compensatable",
    timeout_ms: int = 3_000,
    retry: Retry = SEED,
    undo_retry: Retry = STUBBORN,
) -> Step:
    """A step that a participant does."""
    undo = Call(f"Undo-{name}", "work.commands", {}) if kind == "compensatable" else None
    do = Call(f"Do-{name}", "work.commands", {"x": "input.x"}, ("y",))
    return Step(
        name, kind, do, undo, timeout_ms, retry, 10_000, undo_retry, {"no": 409, "never": 410}
    )


def child(name: str, of: Definition, kind: Kind = "pivot", timeout_ms: int = 30_000) -> Step:
    """A step that is another saga."""
    undo = Call(f"Undo-{name}", "work.commands", {}) if kind == "compensatable" else None
    do = Call(of.name, REQUESTS, {"x": "input.x"}, tuple(of.result or ()))
    refusals = {"no": 409, "no_answer": 504, "cancelled": 409, "deadline_exceeded": 504}
    return Step(name, kind, do, undo, timeout_ms, FOR_EVER, 10_000, STUBBORN, refusals, of.name)


def wait(name: str, timeout_ms: int = 2_000, **changes: Any) -> Wait:
    """A wait for a signal of the same name."""
    given: dict[str, Any] = {
        "signal": name,
        "required": ("approved",),
        "expires": "done",
        "data": {"approved": True},
        "refusals": {"rejected": 409},
        "accepts": "approved",
        **changes,
    }
    return Wait(name=name, timeout_ms=timeout_ms, **given)


def saga(name: str, *nodes: Node, deadline_ms: int = 0, result: str = "") -> Definition:
    """A saga of these nodes; ``result`` is the source of the one field of its result."""
    fields = {"z": result} if result else UNSET
    return Definition(name, {}, nodes, deadline_ms=deadline_ms or UNSET, result=fields)


SHIPPING = saga(
    "shipping",
    step("prepare", timeout_ms=2_000),
    step("dispatch", "pivot", 2_000),
    result="dispatch.y",
)

LIFECYCLE = saga(
    "lifecycle",
    step("receive"),
    step("validate", "read"),
    wait("review"),
    step("payment"),
    child("shipping", SHIPPING),
    step("ship", "retriable", 3_000, STUBBORN),
    deadline_ms=15_000,
)

TRIP = saga(
    "trip",
    step("look", "read"),
    Parallel(((step("hotel"),), (step("flight"), step("seat")))),
    deadline_ms=9_000,
)


def family(*definitions: Definition) -> Family:
    """These sagas, the first of them first."""
    return family_of(definitions[0].name, {one.name: one for one in definitions})


def outcomes(**weights: float) -> Outcomes:
    """Outcomes of these weights; what works or raises takes 20 ms."""
    return Outcomes(
        tuple(
            Outcome(kind, weight, None if kind == "hangs" else Constant(20), _code(kind))  # type: ignore[arg-type]
            for kind, weight in weights.items()
        )
    )


def _code(kind: str) -> str:
    return "no" if kind == "refuses" else ""


def always(duration: Duration) -> Given:
    """Everything works, in this time."""
    return Given({}, Outcomes((Outcome("works", duration=duration),)))


FLAKY = Given({}, outcomes(works=1, raises=1, hangs=1))
"""The seed's flaky_call: a third works, a third raises, a third hangs."""
