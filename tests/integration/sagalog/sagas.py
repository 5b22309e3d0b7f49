"""Sagas for the tests of the log: orders, with the transitions that the engine would make."""

import sqlite3
from contextlib import closing

from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import (
    Compensating,
    Completed,
    Emitted,
    Fact,
    Failed,
    Failing,
    Refused,
    Sent,
    Started,
    Stuck,
    Succeeded,
    Transition,
)
from orchestrator.engine.state import State
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.store import SagaLog

Told = tuple[Transition, State]
DAY = 86_400_000


def sent(step: str, at: int, direction: str = "do", number: int = 1) -> Sent:
    """A command that went out, due in five seconds."""
    data = {"order_id": 4711, "user_id": 12, "amount": 12_900, "currency": "EUR"}
    return Sent(
        step, direction, number, 1, at + 5_000, f"Do{step.title()}", f"{step}.commands", data
    )


def order_facts(saga: int, at: int, tenant: int, key: str) -> list[tuple[Fact, ...]]:
    """The facts of an order that goes well."""
    started = Started(
        "order-fulfillment",
        "0123456789abcdef",
        tenant,
        key,
        {"order_id": saga, "user_id": 12, "product_id": 3, "quantity": 2},
    )
    placed = Emitted(f"{saga}/placed", "OrderPlaced", "order.events", str(saga), {"order_id": saga})
    quoted = {"product_id": 3, "name": "a bicycle", "unit_price": 6_450, "amount": 12_900}
    done = Emitted(f"{saga}/done", "OrderCompleted", "order.events", str(saga), {"order_id": saga})
    return [
        (started, placed, sent("product", at)),
        (
            Succeeded("product", "do", quoted),
            *(sent(step, at) for step in ("payment", "inventory", "shipping")),
        ),
        (Succeeded("payment", "do", {"payment_id": 9, "amount": 12_900, "currency": "EUR"}),),
        (Succeeded("inventory", "do", {"reservation_id": 77}),),
        (
            Succeeded("shipping", "do", {"shipment_id": 5, "address": "Hauptstraße 1, Ulm"}),
            done,
            Completed(),
        ),
    ]


def failing_facts(saga: int, at: int, tenant: int, key: str) -> list[tuple[Fact, ...]]:
    """The facts of an order whose shipment is refused and which is undone."""
    start, fan_out, paid, reserved, _ = order_facts(saga, at, tenant, key)
    return [
        start,
        fan_out,
        (
            Refused("shipping", "do", "address_not_served", "not there"),
            Failing("shipping", "address_not_served", "not there", 409),
        ),
        paid,
        (
            *reserved,
            Compensating(("payment", "inventory")),
            sent("payment", at, "undo"),
            sent("inventory", at, "undo"),
        ),
        (Succeeded("payment", "undo", {}),),
        (
            Succeeded("inventory", "undo", {}),
            Failed("address_not_served", "not there", 409, ("payment", "inventory")),
        ),
    ]


def stuck_facts(saga: int, at: int, tenant: int, key: str) -> list[tuple[Fact, ...]]:
    """The facts of an order that waits for a person."""
    start, *_ = order_facts(saga, at, tenant, key)
    return [start, (Stuck("product", "do", "asked ten times"),)]


def told(saga: int, at: int, facts: list[tuple[Fact, ...]]) -> list[Told]:
    """The facts as transitions, each with the state after it."""
    found: list[Told] = []
    state: State | None = None
    for number, some in enumerate(facts, start=1):
        transition = Transition(saga, number, at + number, f"{saga}/in/{number}", some)
        state = evolve(state, transition)
        found.append((transition, state))
    return found


def order_states(
    saga: int, at: int = DAY, tenant: int = 1, key: str = "", facts=order_facts
) -> list[Told]:
    """One order, transition by transition."""
    return told(saga, at, facts(saga, at, tenant, key or f"order-{saga}"))


def limit_pages(log: SagaLog, pages: int) -> None:
    """The disk of this log is full when its file has so many pages."""
    # SQLite keeps this per connection, so it must be the writer's own.
    connection = log._connection  # pylint: disable=protected-access
    connection.execute(f"PRAGMA max_page_count = {pages}")


def pages_of(log: SagaLog) -> int:
    """How many pages the file of this log has."""
    with closing(sqlite3.connect(log.file)) as other:
        return other.execute("PRAGMA page_count").fetchone()[0]


def batch_of(*sagas: list[Told], first_offset: int = 0) -> Batch:
    """All these transitions in one batch, one offset after another."""
    batch = Batch()
    for offset, (transition, state) in enumerate(
        (one for saga in sagas for one in saga), start=first_offset
    ):
        batch.add(offset, seal(transition), state)
    return batch
