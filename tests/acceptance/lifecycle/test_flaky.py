"""Flaky calls, and a crash."""

from tests.acceptance.conftest import Saga
from tests.acceptance.lifecycle.shop import SLOW, packages, payments
from tests.acceptance.lifecycles import LEIPZIG, UPDATE, Orders, environment, reference


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
