"""What is known of an order that is led through its lifecycle, and how it is read."""

import json
import sqlite3
from typing import Any, Final, Literal, NamedTuple

from infra.datastore import Statements
from services.orders.model import Failure

SQL: Final = Statements("services.orders.lifecycle")
_BY_REFERENCE: Final = SQL["by_reference"]
_BY_SAGA: Final = SQL["by_saga"]
_BY_SAGA_KEY: Final = SQL["by_saga_key"]
_STEPS: Final = SQL["steps"]
_SIGNAL: Final = SQL["signal"]
_TROUBLES: Final = SQL["troubles"]

Status = Literal[
    "pending",
    "running",
    "needs_operator",
    "completed",
    "failing",
    "failed",
    "cancelling",
    "cancelled",
]
State = Literal["new", "received", "validated", "shipped", "cancelled", "failed"]
Outcome = Literal["pending", "held", "applied", "refused"]
ENDED: Final = frozenset({"completed", "failed", "cancelled"})
CLOSED: Final = frozenset({"shipped", "cancelled", "failed"})
PIVOT: Final = "shipping/dispatch"
"""From the command of this step on there is no way back."""
_ACTIVE: Final = frozenset({"sent", "waiting", "stuck"})


class Lifecycle(NamedTuple):
    """One order; ``amount`` in minor units of ``currency``, times in Unix milliseconds.

    ``items``, ``address``, ``result``, ``undone`` and ``wanted`` are JSON as it is stored; ``saga``
    is None while its saga is not known to have begun.
    """

    id: int
    tenant: int
    reference: str
    saga_key: str
    saga: int | None
    status: Status
    state: State
    wanted: str
    payment_id: str
    items: str
    address: str
    amount: int | None
    currency: str | None
    result: str | None
    code: str | None
    reason: str | None
    http_status: int | None
    undone: str | None
    late: int
    turned: Literal["", "cancelling", "failing"]
    parked: int
    created_at: int
    updated_at: int

    @property
    def settled(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self.status in ENDED

    @property
    def failure(self) -> Failure | None:
        """Why it came to nothing, if it did."""
        if self.code is None:
            return None
        undone = tuple(json.loads(self.undone or "[]"))
        return Failure(self.code, self.reason or "", self.http_status or 0, undone)


class StepRow(NamedTuple):
    """Where a step stands; ``path`` names the child saga too: shipping/prepare."""

    path: str
    direction: Literal["do", "undo"]
    phase: str
    round: int
    attempt: int
    at: int


class Trouble(NamedTuple):
    """Why a person is waited for: which saga, the order's own or its child, stands still where."""

    saga: int
    step: str
    direction: str
    cause: str


class SignalRow(NamedTuple):
    """What an order was told, and what became of it; ``data`` is JSON, times Unix milliseconds."""

    id: str
    signal: str
    actor: str
    reason: str
    data: str
    outcome: Outcome
    why: str
    created_at: int
    decided_at: int | None


def subject(tenant: int, reference: str) -> tuple[str, int, str]:
    """What is woken when something about the order changes."""
    return ("lifecycle", tenant, reference)


def by_reference(db: sqlite3.Connection, tenant: int, reference: str) -> Lifecycle | None:
    """The tenant's order of that reference."""
    return _one(db, _BY_REFERENCE, {"tenant": tenant, "reference": reference})


def by_saga(db: sqlite3.Connection, tenant: int, saga: int) -> Lifecycle | None:
    """The order that this saga is about."""
    return _one(db, _BY_SAGA, {"tenant": tenant, "saga": saga})


def by_saga_key(db: sqlite3.Connection, tenant: int, key: str) -> Lifecycle | None:
    """The order whose saga has this request key."""
    return _one(db, _BY_SAGA_KEY, {"tenant": tenant, "saga_key": key})


def steps_of(db: sqlite3.Connection, order: Lifecycle) -> list[StepRow]:
    """Its steps, in the order in which they came to where they stand: a child before its parent."""
    found = [StepRow._make(row) for row in db.execute(_STEPS, {"id": order.id})]
    return sorted(found, key=lambda step: (step.at, -step.path.count("/")))


def signal_of(db: sqlite3.Connection, order: Lifecycle, signal: str) -> SignalRow | None:
    """The signal of that id, if the order was told it."""
    found = db.execute(_SIGNAL, {"id": order.id, "signal_id": signal}).fetchone()
    return None if found is None else SignalRow._make(found)


def trouble_of(db: sqlite3.Connection, order: Lifecycle, steps: list[StepRow]) -> Trouble | None:
    """What a person must decide, of several things the last; None where nobody is waited for."""
    if order.status != "needs_operator":
        return None
    stuck = {step.path for step in steps if step.phase == "stuck"}
    for saga, data in db.execute(_TROUBLES, {"id": order.id}):
        told = json.loads(data)
        step: str = told["step"]
        path = step if saga == order.saga else f"{told['definition']}/{step}"
        if path in stuck if step else saga == order.parked:
            return Trouble(saga, step, told["direction"], told["cause"])
    return None


def moved_at(order: Lifecycle, steps: list[StepRow]) -> int:
    """When it, or one of its steps, last changed, in Unix milliseconds."""
    return max([order.updated_at, *(step.at for step in steps)])


def completed(order: Lifecycle, steps: list[StepRow]) -> list[str]:
    """The steps whose work stands, in the order in which they were done.

    Of an order that is completed all are that were asked for: of the last one it may be heard later
    than of the end, which comes by another topic.
    """
    done = {"done", *(_ACTIVE if order.status == "completed" else ())}
    return [step.path for step in steps if step.direction == "do" and step.phase in done]


def undone_steps(steps: list[StepRow]) -> list[str]:
    """The steps whose work was undone, in that order."""
    return [step.path for step in steps if step.phase == "undone"]


def too_late(order: Lifecycle, signal: str, steps: list[StepRow]) -> str:
    """Why the signal can only be refused, as far as is known here; empty where the saga may take
    it. What is said here stays so: an end, that it is being undone, and that the carrier has been
    commanded (the pivot).
    """
    if order.settled:
        return f"order {order.reference} is {order.status} already"
    if order.turned:
        return f"order {order.reference} is being undone already: {order.reason}"
    commanded = any(step.path == PIVOT and step.phase != "refused" for step in steps)
    if signal != "review" and commanded:
        return "there is no way back any more: dispatch has been commanded"
    return ""


def reviewed(steps: list[StepRow]) -> bool:
    """Whether the order waits for its review, as far as is known here."""
    return any(step.path == "review" and step.phase == "waiting" for step in steps)


def current(steps: list[StepRow]) -> StepRow | None:
    """The step that the order stands at; that of its child saga where there is one."""
    active = [step for step in steps if step.phase in _ACTIVE]
    return max(active, key=lambda step: step.path.count("/"), default=None)


def _one(db: sqlite3.Connection, statement: str, key: dict[str, Any]) -> Lifecycle | None:
    found = db.execute(statement, key).fetchone()
    return None if found is None else Lifecycle._make(found)
