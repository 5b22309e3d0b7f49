"""Writing down what happens to an order: every change with its line in the history, in the same
transaction.
"""

import json
import sqlite3
from typing import Any, Final, Literal

from contracts.lifecycle import StartOrder
from services.orders.lifecycle.model import (
    ENDED,
    SQL,
    Lifecycle,
    State,
    Status,
    by_reference,
    subject,
)
from services.participant import Work

_INSERT: Final = SQL["insert_lifecycle"]
_BIND: Final = SQL["bind_saga"]
_SET_STATUS: Final = SQL["set_status"]
_SET_STATE: Final = SQL["set_state"]
_SET_TURNED: Final = SQL["set_turned"]
_SET_PARKED: Final = SQL["set_parked"]
_STUCK: Final = SQL["stuck"]
_NOTE: Final = SQL["note"]

ORCHESTRATOR: Final = "orchestrator"
ORDERS: Final = "orders"


class Record:
    """One order as it is written to: what happened at the time ``at`` (Unix ms), by which saga
    (0: none).
    """

    def __init__(self, db: sqlite3.Connection, order: Lifecycle, at: int, saga: int = 0) -> None:
        self.order = order
        self._db = db
        self.at = at
        self._saga = saga

    @classmethod
    def take(
        cls, db: sqlite3.Connection, tenant: int, key: str, wanted: StartOrder, at: int
    ) -> "Record":
        """A new order, whose saga has this request key."""
        text = dumps(wanted.model_dump())
        fields = {
            "tenant": tenant,
            "reference": wanted.order_id,
            "saga_key": key,
            "wanted": text,
            "payment_id": wanted.payment_id,
            "items": dumps([item.model_dump() for item in wanted.items]),
            "address": wanted.address.model_dump_json(),
            "asked": 0,
            "at": at,
        }
        db.execute(_INSERT, fields)
        order = by_reference(db, tenant, wanted.order_id)
        assert order is not None
        return cls(db, order, at)

    def note(self, kind: str, actor: str, **data: Any) -> None:
        """A line of the history."""
        line = {"saga": self._saga, "type": kind, "actor": actor, "data": dumps(data)}
        self._db.execute(_NOTE, {**line, "id": self.order.id, "at": self.at})

    def write(self, statement: str, **fields: Any) -> None:
        """Change something of the order; ``statement`` is one with its id, and perhaps the time."""
        self._db.execute(statement, {**fields, "id": self.order.id, "at": self.at})

    def began(self, saga: int) -> None:
        """Its saga has begun, and has this id."""
        if self.order.saga is None:
            self.write(_BIND, saga=saga)
            self.order = self.order._replace(saga=saga)
        if self.order.status == "pending":
            self.set_status("running", ORCHESTRATOR)

    def set_state(self, state: State, actor: str, **why: Any) -> None:
        """What the order itself has on record."""
        if state == self.order.state:
            return
        self.write(_SET_STATE, state=state)
        self.note("state", actor, **{"from": self.order.state, "to": state, **why})
        self.order = self.order._replace(state=state)

    def set_status(self, status: Status, actor: str, **why: Any) -> None:
        """How its saga stands. What has ended stays so."""
        if status == self.order.status or self.order.status in ENDED:
            return
        self.write(_SET_STATUS, status=status)
        self.note("status", actor, **{"from": self.order.status, "to": status, **why})
        self.order = self.order._replace(status=status)

    def turn(self, to: Literal["cancelling", "failing"]) -> None:
        """From now on it is being undone."""
        self.write(_SET_TURNED, turned=to)
        self.order = self.order._replace(turned=to)

    def park(self, saga: int) -> None:
        """This saga of it, its own or its child, waits for a person; 0: none does any more."""
        self.write(_SET_PARKED, parked=saga)
        self.order = self.order._replace(parked=saga)

    def restate(self, **why: Any) -> None:
        """Its status as it follows from where its steps stand; ``why`` it is another now."""
        if self.order.saga is None:
            return
        (stuck,) = self._db.execute(_STUCK, {"id": self.order.id}).fetchone()
        if stuck or self.order.parked:
            self.set_status("needs_operator", ORCHESTRATOR, **why)
        else:
            self.set_status(self.order.turned or "running", ORCHESTRATOR, **why)


def dumps(value: Any) -> str:
    """Compact JSON, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def wake(work: Work, order: Lifecycle) -> None:
    """Wake who waits for the order, once the transaction is committed."""
    work.wake(subject(order.tenant, order.reference))
