"""An order whose saga turns: failing or cancelling from then on, whatever is still in flight."""

import pytest

from tests.unit.services.orders_led import (
    SAGA,
    Led,
    completed,
    failed,
    lines,
    look,
    moved,
    place,
    started,
    statuses,
    told,
    turned,
)
from tests.unit.services.shop import Shop


@pytest.fixture
async def led(shop: Shop) -> Led:
    await place(shop)
    return Led(shop)


async def test_a_cancelled_order(shop: Shop, led: Led) -> None:
    await led.tell(started(), moved("payment"), told("applied", "k-1"), turned())
    assert (await look(shop))["status"] == "cancelling"
    await led.tell(moved("payment", "done"), moved("payment", "sent", "undo"))
    shown = await look(shop)
    assert (shown["status"], shown["current_step"], shown["direction"]) == (
        "cancelling",
        "payment",
        "undo",
    )
    await led.tell(moved("payment", "undone", "undo"), failed())
    shown = await look(shop)
    assert (shown["status"], shown["state"]) == ("cancelled", "cancelled")
    assert shown["completed_steps"] == []
    assert shown["error"] == {
        "code": "cancelled",
        "reason": "cancelled by ann: ordered twice",
        "status": 409,
        "undone": ["payment", "receive"],
    }
    (signal,) = await lines(shop, "signal")
    assert (signal["actor"], signal["data"]["outcome"]) == ("ann", "applied")
    await led.tell(completed(), failed("no_answer", "late"), told("refused", "k-2", "it has ended"))
    assert (await look(shop))["status"] == "cancelled", "what has ended stays so"


async def test_an_order_that_fails_is_failing_while_it_is_undone(shop: Shop, led: Led) -> None:
    await led.tell(started(), moved("payment"), turned("deadline_exceeded", "deadline exceeded"))
    shown = await look(shop)
    assert (shown["status"], shown["current_step"]) == ("failing", "payment"), "before it settled"
    assert (shown["error"]["code"], shown["error"]["undone"]) == ("deadline_exceeded", [])
    line = (await lines(shop, "status"))[-1]
    assert line["data"]["reason"] == "deadline exceeded", "the history shows the moment, and why"
    await led.tell(moved("payment", "undone", "undo"))
    assert (await look(shop))["error"]["undone"] == ["payment"]
    await led.tell(failed("deadline_exceeded", "deadline exceeded"))
    assert ((await look(shop))["status"], (await look(shop))["state"]) == ("failed", "failed")
    assert await statuses(shop) == ["running", "failing", "failed"]


async def test_an_order_whose_child_fails_is_failing_at_once(shop: Shop, led: Led) -> None:
    await led.tell(started(), moved("shipping"))
    await led.child(turned("deadline_exceeded", "deadline exceeded", parent=SAGA))
    assert (await look(shop))["status"] == "failing"
    await led.tell(turned("carrier_down", "shipping: no carrier"))
    assert (await look(shop))["error"]["code"] == "deadline_exceeded"
    assert await statuses(shop) == ["running", "failing"], "it turns once"


async def test_why_a_child_is_told_to_stop_its_parent_says(shop: Shop, led: Led) -> None:
    await led.tell(started(), moved("shipping"))
    await led.child(turned("cancelled", "its parent has turned", parent=SAGA))
    assert (await look(shop))["status"] == "running"
    await led.tell(turned("deadline_exceeded", "deadline exceeded"))
    assert ((await look(shop))["status"], await statuses(shop)) == (
        "failing",
        ["running", "failing"],
    )


async def test_an_order_that_is_failing_where_it_stands_still_is_failing_when_it_moves(
    shop: Shop, led: Led
) -> None:
    turning = turned("no_answer", "payment: no answer")
    await led.tell(started(), turning, moved("payment", "stuck", "undo"))
    assert (await look(shop))["status"] == "needs_operator"
    await led.tell(moved("payment", "sent", "undo"))
    assert (await look(shop))["status"] == "failing"
