"""What orders do as a participant in their own lifecycle: received, validated, shipped, closed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.lifecycle import CloseOrder, MarkShipped, ReceiveOrder, ValidateOrder
from contracts.product import Item, ItemPrice
from tests.unit.services.orders_led import REFERENCE, SAGA, started, wanted
from tests.unit.services.shop import Shop

OURS = {"saga": str(SAGA)}
UNDO = {**OURS, "step": "receive", "direction": "undo"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def receive(key: str = REFERENCE) -> ReceiveOrder:
    return ReceiveOrder(**{**dict(wanted()), "saga_key": key})


def price(product: int = 3, unit_price: int = 11_900, currency: str = "EUR") -> ItemPrice:
    return ItemPrice(product_id=product, name="x", unit_price=unit_price, currency=currency)


def validate(*items: tuple[int, int], prices: tuple[ItemPrice, ...] = (price(),)) -> ValidateOrder:
    wanted_items = [Item(product_id=product, quantity=quantity) for product, quantity in items]
    return ValidateOrder(order_id=REFERENCE, items=wanted_items, prices=list(prices))


def close(code: str = "cancelled") -> CloseOrder:
    return CloseOrder(order_id=REFERENCE, code=code, reason="cancelled by ann: ordered twice")


SHIPPED = MarkShipped(order_id=REFERENCE, tracking_number="PP1")


def states(shop: Shop) -> list[Any]:
    """Every state that the order came to, by the history that is written with it."""
    rows = shop.db.execute("SELECT data FROM events WHERE type = 'state' ORDER BY id").fetchall()
    return [(json.loads(row[0])["from"], json.loads(row[0])["to"]) for row in rows]


async def test_an_order_is_received_validated_and_shipped(shop: Shop) -> None:
    received = await shop.ask(receive(), **OURS, step="receive")
    assert received == ("succeeded", {"received_at": "2023-11-14T22:13:20.000+00:00"})
    assert await shop.ask(receive(), **OURS, step="receive", attempt=2) == received
    valid = await shop.ask(validate((3, 2)), **OURS, step="validate")
    assert valid == ("succeeded", {"amount": 23_800, "currency": "EUR"})
    shipped = await shop.ask(SHIPPED, **OURS, step="ship")
    assert shipped == ("succeeded", {"shipped_at": "2023-11-14T22:13:20.000+00:00"})
    assert states(shop) == [
        ("new", "received"),
        ("received", "validated"),
        ("validated", "shipped"),
    ]
    async with shop.client() as client:
        shown = (await client.get(f"/orders/{REFERENCE}")).json()
    assert (shown["state"], shown["amount"], shown["workflowId"]) == ("shipped", 23_800, SAGA)


@pytest.mark.parametrize(("code", "state"), [("cancelled", "cancelled"), ("no_answer", "failed")])
async def test_an_order_that_comes_to_nothing_is_closed_with_who_and_why(
    shop: Shop, code: str, state: str
) -> None:
    await shop.ask(receive(), **OURS, step="receive")
    for attempt in (1, 2):
        closed = await shop.ask(close(code), **UNDO, attempt=attempt)
        assert closed == ("succeeded", {"state": state})
    assert states(shop) == [("new", "received"), ("received", state)]
    (line,) = shop.db.execute(
        "SELECT data FROM events WHERE type = 'state' AND data LIKE '%ann%'"
    ).fetchone()
    assert json.loads(line)["reason"] == "cancelled by ann: ordered twice"


async def test_what_comes_after_the_end_changes_nothing(shop: Shop) -> None:
    await shop.ask(receive(), **OURS, step="receive")
    await shop.ask(close(), **UNDO)
    late = await shop.ask(validate((3, 1)), **OURS, step="validate")
    assert late[0] == "succeeded", "a read has nothing to refuse"
    again = await shop.ask(receive(), **OURS, step="receive", attempt=3)
    assert again[0] == "succeeded", "the stored reply"
    assert states(shop)[-1] == ("received", "cancelled")


async def test_a_receive_that_comes_after_its_undo_is_not_done(shop: Shop) -> None:
    assert (await shop.ask(close(), **UNDO))[0] == "succeeded"
    late = await shop.ask(receive(), **OURS, step="receive")
    assert (late[0], late[1]["code"]) == ("failed", "tombstoned")
    assert states(shop) == []


async def test_a_reference_belongs_to_one_saga(shop: Shop) -> None:
    await shop.ask(receive(), **OURS, step="receive")
    assert await shop.refusal(receive()) == ("order_exists", 409)
    assert await shop.refusal(receive("another-key")) == ("order_exists", 409)
    for asked in (close(), SHIPPED, validate((3, 1))):
        assert (await shop.ask(asked, saga="9999"))[0] == "succeeded"
    assert states(shop) == [("new", "received")], "what is another saga's is not touched"
    assert (await shop.ask(receive(), tenant="2", saga="3"))[0] == "succeeded"


async def test_an_order_of_another_front_door_is_its_sagas_whichever_is_heard_of_first(
    shop: Shop,
) -> None:
    await shop.tell(started(), "another-key", saga=str(SAGA))
    await shop.tell(started(), "a-third", saga="77")
    assert await shop.refusal(receive(REFERENCE)) == ("order_exists", 409)
    assert (await shop.ask(receive("another-key"), **OURS, step="receive"))[0] == "succeeded"
    assert states(shop) == [("new", "received")]


@pytest.mark.parametrize(
    ("asked", "code", "status", "says"),
    [
        (validate(), "no_items", 422, "no items"),
        (validate((404, 1)), "product_not_found", 404, "items/0: there is no product 404"),
        (validate((3, 1), (3, 0)), "invalid_quantity", 422, "items/1: 0 pieces"),
        (validate((3, -2)), "invalid_quantity", 422, "-2 pieces of product 3"),
        (
            validate((3, 1), (6, 1), prices=(price(), price(6, 1, "USD"))),
            "mixed_currencies",
            422,
            "EUR and USD",
        ),
        (validate((3, 2**52)), "amount_too_large", 422, "nobody can pay"),
    ],
)
async def test_what_cannot_be_had_is_refused_with_its_place(
    shop: Shop, asked: ValidateOrder, code: str, status: int, says: str
) -> None:
    await shop.ask(receive(), **OURS, step="receive")
    outcome, data = await shop.ask(asked, **OURS, step="validate")
    assert (outcome, data["code"], data["status"]) == ("refused", code, status)
    assert says in data["reason"]
    assert states(shop) == [("new", "received")]


async def test_several_items_of_the_same_product(shop: Shop) -> None:
    _, told = await shop.ask(validate((3, 1), (9, 5), (3, 2), prices=(price(), price(9, 300))))
    assert told == {"amount": 3 * 11_900 + 5 * 300, "currency": "EUR"}
