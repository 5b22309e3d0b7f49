"""The seed's walk (seeds/001) over HTTP and the command line, on processes of its own and both
kinds of broker: start, watch, cancel and change the address in each state, review both ways,
deadline, flaky mode.
"""

# pylint: disable=too-many-lines  # one walk: parts of it would start everything again

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import Saga
from tests.acceptance.lifecycles import (
    BASEL,
    CANCEL,
    LEIPZIG,
    UPDATE,
    Orders,
    environment,
    reference,
)
from tests.brokers import unique_prefix

# Long enough for a test to act meanwhile on a machine that is busy, and no longer.
HANGS_S = 6
# An order in which nothing hangs keeps it also there; one in which something hangs does not.
DEADLINE_S = 10
SLOW = {
    "order-lifecycle": {
        "deadline": 120,
        "steps": {
            name: {"timeout": HANGS_S} for name in ("receive", "validate", "payment", "ship")
        },
    },
    "shipping": {"steps": {name: {"timeout": HANGS_S} for name in ("prepare", "dispatch")}},
}
PERSON = {
    "order-lifecycle": {
        "deadline": DEADLINE_S,
        "steps": {
            "review": {"person": True},
            "payment": {"timeout": DEADLINE_S + HANGS_S},
            "ship": {"timeout": DEADLINE_S + HANGS_S},
        },
    },
    "shipping": {"steps": {"dispatch": {"timeout": DEADLINE_S + HANGS_S}}},
}
BROKERS = ["embedded", pytest.param("kafka", marks=pytest.mark.kafka)]


def running(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, settings: dict[str, str]
) -> Iterator[tuple[Saga, Orders]]:
    """One `saga up` for the tests of this file, and its API."""
    saga, where = Saga(factory.mktemp("lifecycle")), ()
    if request.param == "kafka":
        bootstrap: str = request.getfixturevalue("kafka_bootstrap")
        prefix = unique_prefix()
        where = ("--broker", bootstrap)
        settings |= {"KAFKA_TOPIC_PREFIX": prefix, "SAGA_GROUP": f"{prefix}orchestrator"}
    try:
        saga.up(*where, **settings)
        orders = Orders(saga)
        yield saga, orders
        orders.http.close()
    finally:
        saga.close()


@pytest.fixture(scope="module", params=BROKERS)
def slow(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Saga, Orders]]:
    """A process in which a call that hangs does so for some seconds."""
    yield from running(request, tmp_path_factory, environment(SLOW))


@pytest.fixture(scope="module", params=BROKERS)
def person(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Saga, Orders]]:
    """A process in which a person reviews, and that keeps a short deadline."""
    yield from running(request, tmp_path_factory, environment(PERSON))


def rows(saga: Saga, service: str, query: str, *given: str) -> list[tuple[object, ...]]:
    """What a service has in its own database."""
    file = saga.data / "services" / f"{service}.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(query, given).fetchall()


def payments(saga: Saga, order: str) -> list[object]:
    """The status of each payment of an order."""
    return [
        row[0]
        for row in rows(saga, "payment", "SELECT status FROM payments WHERE order_id = ?", order)
    ]


def packages(saga: Saga, order: str) -> list[object]:
    """The status of each package of an order."""
    return [
        row[0]
        for row in rows(saga, "shipping", "SELECT status FROM packages WHERE order_id = ?", order)
    ]


# ---------------------------------------------------------------- the good way


def test_an_order_goes_all_the_way(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    order = reference()
    begun = orders.start(order, initial_address=LEIPZIG, items=[{"product_id": 3, "quantity": 2}])
    assert (begun["order_id"], begun["status"]) == (order, "running")
    assert isinstance(begun["workflow_id"], int)
    ended = orders.end(order)
    assert (ended["status"], ended["state"], ended["error"]) == ("completed", "shipped", None)
    assert ended["completed_steps"] == [
        *("receive", "quote", "validate", "review", "payment"),
        *("shipping/prepare", "shipping/dispatch", "shipping", "ship"),
    ]
    assert (ended["result"]["amount"], ended["result"]["currency"]) == (23_800, "EUR")
    again = orders.http.post(
        f"/orders/{order}/start",
        json={"initial_address": LEIPZIG, "items": [{"product_id": 3, "quantity": 2}]},
    )
    assert (again.status_code, again.json()["workflow_id"]) == (200, begun["workflow_id"])
    other = orders.http.post(f"/orders/{order}/start", json={"initial_address": BASEL})
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
    assert (payments(saga, order), packages(saga, order)) == (["charged"], ["dispatched"])
    assert orders.http.get("/health").json()["status"] == "ready"


def test_the_command_line_goes_the_same_way(slow: tuple[Saga, Orders]) -> None:
    saga, _ = slow
    order = reference()
    begun = saga.json("order", "start", order, "--item", "9:2")
    assert begun["order_id"] == order
    watched = saga.run("order", "watch", order)
    assert (watched.code, watched.err) == (0, "")
    assert "status running -> completed" in watched.out
    assert "PP" in watched.out
    assert saga.json("order", "status", order)["status"] == "completed"
    assert "shipping/prepare done" in saga.run("order", "history", order).out
    listed = saga.json("order", "list", "--status", "completed")["items"]
    assert order in [one["reference"] for one in listed]
    late = saga.run("order", "cancel", order, "--reason", "late", "--by", "ann")
    late.is_a_mistake(order, "completed already")
    bad = saga.run("order", "start", reference(), "--item", "404", "--wait", "20")
    assert (bad.code, bad.err.count("\n")) == (1, 1)
    assert "there is no product 404" in bad.err
    saga.run("order", "start", "123").is_a_mistake("begins with a letter")
    saga.run("order", "status", "nope").is_a_mistake("nope")
    saga.run("order", "update-address", order, "--by", "ann").is_a_mistake("street")


# ---------------------------------------------------------------- cancelled in each state

BEFORE = ("receive", "validate", "review", "payment", "prepare")


def test_cancelled_in_each_state_before_the_pivot(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    asked = {state: reference("" if state == "review" else state) for state in BEFORE}
    for order in asked.values():
        orders.start(order)
    for state, order in asked.items():
        place = "shipping/prepare" if state == "prepare" else state
        orders.at(order, place, "waiting" if state == "review" else "sent")
        first = orders.tell(order, "cancel", CANCEL, key=f"cancel-{order}")
        again = orders.tell(order, "cancel", CANCEL, key=f"cancel-{order}")
        for answer in (first, again):
            assert answer.status_code == 202, (state, answer.text)
            assert answer.json()["outcome"] in ("applied", "held"), state
    for state, order in asked.items():
        ended = orders.end(order)
        assert (ended["status"], ended["state"]) == ("cancelled", "cancelled"), state
        assert "ann: ordered twice" in ended["error"]["reason"]
        signal = orders.look(order, f"signals/cancel-{order}")
        assert (signal["outcome"], signal["by"]) == ("applied", "ann"), state
        (line,) = [
            line["data"]
            for line in orders.history(order, "state")
            if line["data"]["to"] == "cancelled"
        ]
        assert "ann: ordered twice" in line["reason"]
        assert payments(saga, order) in (["refunded"], []), state
        assert packages(saga, order) in (["unprepared"], []), state
        after = orders.tell(order, "cancel", CANCEL)
        assert after.status_code == 409, "one more is another signal"
    assert payments(saga, asked["prepare"]) == ["refunded"]


@pytest.mark.parametrize("state", ["dispatch", "ship"])
def test_cancelled_after_the_pivot_is_refused_with_the_reason(
    slow: tuple[Saga, Orders], state: str
) -> None:
    saga, orders = slow
    order = reference(state)
    orders.start(order)
    orders.at(order, "shipping/dispatch" if state == "dispatch" else "ship")
    for signal, body in (("cancel", CANCEL), ("update-address", UPDATE)):
        answer = orders.tell(order, signal, body, key=signal)
        assert (answer.status_code, answer.json()["code"]) == (409, "signal_refused"), answer.text
        assert answer.json()["signal"]["why"]
        assert orders.look(order, f"signals/{signal}")["outcome"] == "refused"
    assert orders.end(order)["status"] == "completed"
    assert (payments(saga, order), packages(saga, order)) == (["charged"], ["dispatched"])


# ---------------------------------------------------------------- the address in each state


def test_a_new_address_in_each_state_until_it_is_prepared(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    asked = {state: reference("" if state == "review" else state) for state in BEFORE}
    for order in asked.values():
        orders.start(order, initial_address=LEIPZIG)
    for state, order in asked.items():
        place = "shipping/prepare" if state == "prepare" else state
        orders.at(order, place, "waiting" if state == "review" else "sent")
        answer = orders.tell(order, "update-address", UPDATE, key="move")
        assert answer.status_code == 202, (state, answer.text)
        assert orders.tell(order, "update-address", UPDATE, key="move").status_code == 202
    for state, order in asked.items():
        ended = orders.end(order)
        assert ended["status"] == "completed", (state, ended)
        assert ended["result"]["shipped_to"] == "Rheingasse 7, 4058 Basel, CHE", state
        assert ended["address"]["city"] == "Basel"
        (line,) = orders.history(order, "address")
        cities = (line["data"]["old"]["city"], line["data"]["new"]["city"])
        assert (line["actor"], *cities) == ("ann", "Leipzig", "Basel")
        assert orders.look(order, "signals/move")["outcome"] == "applied"
        assert packages(saga, order) == ["dispatched"]
    assert orders.told(asked["prepare"], "shipping/prepare").count(("do", "done")) == 2
    assert orders.told(asked["payment"], "shipping/prepare").count(("do", "done")) == 1


def test_a_new_address_that_is_not_served_undoes_everything(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    order = reference("payment")
    orders.start(order)
    orders.at(order, "payment")
    nowhere = {**UPDATE, "new_address": {**BASEL, "city": "McMurdo", "country": "AQ"}}
    assert orders.tell(order, "update-address", nowhere).status_code == 202
    ended = orders.end(order)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "address_not_served")
    assert "McMurdo" in ended["error"]["reason"]
    assert (payments(saga, order), packages(saga, order)) == (["refunded"], [])


# ---------------------------------------------------------------- reviewed, and the deadline


def test_a_person_approves_and_that_time_does_not_count(person: tuple[Saga, Orders]) -> None:
    saga, orders = person
    order = reference()
    begun = saga.json("order", "start", order)
    orders.at(order, "review", "waiting")
    # longer than the deadline: two other orders run into theirs meanwhile
    late = reference("payment")
    orders.start(late)
    orders.at(late, "review", "waiting")
    assert orders.tell(late, "review", {"approved": True, "reviewed_by": "bob"}).status_code == 202
    failed = orders.end(late)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "deadline_exceeded")
    assert failed["error"]["reason"] == "deadline exceeded"
    assert payments(saga, late) == [], "what hung was never done, and is undone all the same"
    assert orders.look(order)["current_step"] == "review"
    told = saga.json("order", "review", order, "--approve", "--by", "bob")
    assert (told["outcome"], told["workflow_id"]) == ("applied", begun["workflow_id"])
    assert orders.end(order)["status"] == "completed"


def test_a_person_rejects_and_what_was_done_is_undone(person: tuple[Saga, Orders]) -> None:
    saga, orders = person
    order = reference()
    orders.start(order)
    early = orders.tell(order, "review", {"approved": False, "reviewed_by": "bob"})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "#/reason")
    orders.at(order, "review", "waiting")
    told = saga.run("order", "review", order, "--reject", "--by", "bob", "--reason", "fraud")
    assert told.code == 0, told
    ended = orders.end(order)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "rejected")
    assert "fraud" in ended["error"]["reason"]
    again = orders.tell(order, "review", {"approved": True, "reviewed_by": "bob"})
    assert (again.status_code, payments(saga, order)) == (409, [])


def test_past_the_pivot_the_deadline_makes_it_late_and_undoes_nothing(
    person: tuple[Saga, Orders],
) -> None:
    saga, orders = person
    order = reference("dispatch")
    orders.start(order)
    orders.at(order, "review", "waiting")
    orders.tell(order, "review", {"approved": True, "reviewed_by": "bob"})
    ended = orders.end(order)
    assert (ended["status"], ended["error"], ended["late"]) == ("completed", None, True)
    assert payments(saga, order) == ["charged"]


# ---------------------------------------------------------------- flaky mode


def test_in_flaky_mode_everything_ends_as_it_should(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    names = [f"flaky-{number}" for number in range(12)]
    for order in names:
        orders.start(order)
    stands = ("needs_operator", "completed", "failed")
    ends = {order: orders.until(order, lambda s: s["status"] in stands) for order in names}
    assert len({one["status"] for one in ends.values()}) > 1, "some work, some do not"
    for order, ended in ends.items():
        if ended["status"] == "completed":
            assert (payments(saga, order), packages(saga, order)) == (["charged"], ["dispatched"])
        elif ended["status"] == "failed":
            assert ended["error"]["code"] == "no_answer"
            assert payments(saga, order) in (["refunded"], [])
            assert packages(saga, order) in (["unprepared"], [])
    assert orders.http.get("/health/ready").is_success, "what hangs holds nobody up"


def test_a_crash_loses_nothing(saga: Saga) -> None:
    process = saga.up(**environment(SLOW))
    orders = Orders(saga)
    order = reference("payment")
    orders.start(order, initial_address=LEIPZIG)
    orders.at(order, "payment")
    assert orders.tell(order, "update-address", UPDATE, key="move").status_code == 202
    process.kill()
    process.wait()
    saga.up(**environment(SLOW))
    orders = Orders(saga)
    ended = orders.end(order)
    assert (ended["status"], ended["result"]["shipped_to"][:9]) == ("completed", "Rheingass")
    assert payments(saga, order) == ["charged"]
    assert len(orders.history(order, "address")) == 1
