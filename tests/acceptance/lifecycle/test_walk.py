"""All the way; cancelled, and with a new address, in each state."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.conftest import Saga
from tests.acceptance.lifecycle.shop import packages, payments
from tests.acceptance.lifecycles import (
    BASEL,
    CANCEL,
    LEIPZIG,
    OPTIONS,
    UPDATE,
    Orders,
    reference,
    standing,
)

BEFORE = ("receive", "validate", "review", "payment", "prepare")


def test_an_order_goes_all_the_way(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    order = reference()
    begun = orders.start(order, initial_address=LEIPZIG, items=[{"product_id": 3, "quantity": 2}])
    assert (begun["order_id"], begun["status"]) == (order, "running")
    assert isinstance(begun["workflow_id"], int)
    orders.until(order, lambda shown: "ship" in shown["completed_steps"])
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


def test_the_command_line_tells_an_order_in_each_state(slow: tuple[Saga, Orders]) -> None:
    """But for the review, which is over before a command has begun: see test_review."""
    saga, orders = slow

    def told(case: tuple[str, str]) -> Any:
        """Where an order stands in the end that was told this in that state."""
        state, signal = case
        order = standing(state, times=2)
        orders.start(order)
        orders.stands(order, state)
        answer = saga.json("order", signal, order, *OPTIONS[signal])
        assert answer["outcome"] in ("applied", "held"), (state, answer)
        return orders.end(order)

    cases = [(state, signal) for state in BEFORE if state != "review" for signal in OPTIONS]
    with ThreadPoolExecutor(4) as pool:  # most of it is waiting for calls that hang
        ends = list(pool.map(told, cases))
    for (state, signal), ended in zip(cases, ends, strict=True):
        if signal == "cancel":
            assert ended["status"] == "cancelled", (state, ended)
            assert "cancelled by ann: ordered twice" in ended["error"]["reason"]
        else:
            assert ended["result"]["shipped_to"] == "Rheingasse 7, 4058 Basel, CHE", (state, ended)
    order = standing("dispatch", times=2)
    orders.start(order)
    orders.stands(order, "dispatch")
    refused = saga.run("order", "cancel", order, *OPTIONS["cancel"])
    refused.is_a_mistake(order, "dispatch has been commanded")
    saga.run("order", "update-address", order, *OPTIONS["update-address"]).is_a_mistake(order)
    assert orders.end(order)["status"] == "completed"


# ---------------------------------------------------------------- cancelled in each state


def test_cancelled_in_each_state_before_the_pivot(slow: tuple[Saga, Orders]) -> None:
    saga, orders = slow
    asked = {state: standing(state) for state in BEFORE}
    for order in asked.values():
        orders.start(order)
    for state, order in asked.items():
        orders.stands(order, state)
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
    orders.stands(order, state)
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
    asked = {state: standing(state) for state in BEFORE}
    for order in asked.values():
        orders.start(order, initial_address=LEIPZIG)
    for state, order in asked.items():
        orders.stands(order, state)
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
