"""What an order is told over HTTP, what becomes of it, and that none of it is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from contracts.topics import partition_of_start
from services.orders.lifecycle import http
from services.orders.sweeper import EVERY_S, sweep
from tests.unit.services.orders_led import (
    AT_ONCE,
    BASEL,
    BODY,
    CANCEL,
    REFERENCE,
    SAGA,
    Led,
    begin,
    failed,
    moved,
    started,
    told,
    turned,
)
from tests.unit.services.shop import Shop

UPDATE = {"new_address": BASEL, "updated_by": "ann", "reason": "moved"}
REVIEW = {"approved": True, "reviewed_by": "bob"}
KEY = {"Idempotency-Key": "k-1"}
START = f"/orders/{REFERENCE}/start"
SIGNALS = f"/orders/{REFERENCE}/signals"


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with shop.client() as made:
        yield made


async def signal(
    shop: Shop, client: httpx.AsyncClient, what: str, body: Any, *outcomes: Any, **headers: str
) -> httpx.Response:
    """Tell it something; what becomes of that is known while the customer prefers to wait."""
    place = f"{SIGNALS}/{what}"
    given = {**KEY, "Prefer": "wait=20", **headers}
    asked = asyncio.create_task(client.post(place, json=body, headers=given))
    await shop.last_start()
    for outcome in outcomes:
        await Led(shop).tell(told(*outcome, signal=what))
    return await asked


@pytest.mark.parametrize(
    ("what", "body", "carried"),
    [
        ("cancel", CANCEL, {}),
        ("update-address", UPDATE, {"new_address": BASEL}),
        ("review", REVIEW, {"approved": True}),
    ],
)
async def test_a_signal_that_is_applied(
    shop: Shop, client: httpx.AsyncClient, what: str, body: Any, carried: Any
) -> None:
    await begin(shop, client)
    answer = await signal(shop, client, what, body, ("applied", "k-1"))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "applied")
    assert answer.headers["location"] == f"{SIGNALS}/k-1"
    asked = shop.asked[-1]
    assert (asked["type"], asked["id"], asked["requestkey"]) == ("saga.signal", "k-1", REFERENCE)
    assert "saga" not in asked
    assert (asked["data"]["definition"], asked["data"]["signal"]) == ("order-lifecycle", what)
    assert asked["data"]["data"] == carried
    assert asked["data"]["by"] in ("ann", "bob")
    assert asked["partition"] == partition_of_start(1, "order-lifecycle", REFERENCE, 8)
    shown = (await client.get(f"{SIGNALS}/k-1")).json()
    assert shown == answer.json()


async def test_the_id_of_a_signal_may_be_any_key(shop: Shop, client: httpx.AsyncClient) -> None:
    await begin(shop, client)
    odd = {"Idempotency-Key": "./a/b?c#d%2F"}
    answer = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers=odd)
    shown = (await client.get(answer.headers["location"])).json()
    assert (answer.status_code, shown["id"]) == (202, odd["Idempotency-Key"])


async def test_a_signal_that_is_refused_is_409_with_the_reason_ever_after(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    why = "there is no way back any more: dispatch has been commanded"
    answer = await signal(shop, client, "cancel", CANCEL, ("refused", "k-1", why))
    again = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers=KEY)
    for one in (answer, again):
        assert (one.status_code, one.json()["code"]) == (409, "signal_refused")
        assert why in one.json()["detail"]
        assert one.json()["signal"]["why"] == why
    assert len(shop.asked) == 2


async def test_a_signal_that_is_held_is_told_so_and_later_what_became_of_it(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    await signal(shop, client, "update-address", UPDATE, **AT_ONCE)
    await Led(shop).tell(told("held", "k-1", signal="update-address"))
    answer = await client.post(f"{SIGNALS}/update-address", json=UPDATE, headers=KEY)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "held")
    await Led(shop).tell(told("applied", "k-1", signal="update-address"))
    assert (await client.get(f"{SIGNALS}/k-1")).json()["outcome"] == "applied"


async def test_who_prefers_to_wait_is_answered_when_a_held_signal_is_decided(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    decided = (("held", "k-1"), ("refused", "k-1", "dispatch has been commanded"))
    answer = await signal(shop, client, "cancel", CANCEL, *decided)
    assert answer.status_code == 409
    assert "dispatch has been commanded" in answer.json()["detail"]


async def test_who_prefers_nothing_is_answered_at_once(
    shop: Shop, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for is on the disk: what becomes of it can be looked at."""
    monkeypatch.setattr(http, "BEGUN_S", 0)
    order = await client.post(START, json=BODY)
    assert (order.status_code, order.json()["status"]) == (202, "pending")
    told_ = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers=KEY)
    assert (told_.status_code, told_.json()["outcome"]) == (202, "pending")
    await Led(shop).tell(started(), told("applied", "k-1"))
    assert (await client.get(told_.headers["Location"])).json()["outcome"] == "applied"


async def test_the_refusal_of_a_review_that_is_not_waited_for_is_the_answer(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    await Led(shop).tell(moved("validate"))
    asked = asyncio.create_task(client.post(f"{SIGNALS}/review", json=REVIEW, headers=KEY))
    await shop.last_start()
    await Led(shop).tell(told("refused", "k-1", "too late", signal="review"))
    assert (await asked).status_code == 409


async def test_a_signal_of_which_nothing_is_known_yet_is_pending(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    answer = await signal(shop, client, "cancel", CANCEL, **AT_ONCE)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "pending")
    assert answer.json()["decided_at"] is None


async def test_the_same_key_is_the_same_signal_and_no_other(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    first = await signal(shop, client, "cancel", CANCEL, ("applied", "k-1"))
    again = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())
    for what, body in (
        ("cancel", {**CANCEL, "reason": "another"}),
        ("cancel", {**CANCEL, "cancelled_by": "eve"}),
        ("review", REVIEW),
    ):
        other = await client.post(f"{SIGNALS}/{what}", json=body, headers=KEY)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(shop.asked) == 2


@pytest.mark.parametrize("stands", ["sent", "stuck", "done", "skipped"])
@pytest.mark.parametrize(("what", "body"), [("cancel", CANCEL), ("update-address", UPDATE)])
async def test_once_the_carrier_is_commanded_the_answer_is_known_here(
    shop: Shop, client: httpx.AsyncClient, what: str, body: Any, stands: str
) -> None:
    await begin(shop, client)
    await Led(shop).tell(moved("shipping"))
    await Led(shop).child(moved("prepare", "done", parent=SAGA))
    await Led(shop).child(moved("dispatch", stands, parent=SAGA))
    answer = await client.post(f"{SIGNALS}/{what}", json=body, headers=KEY)
    assert answer.status_code == 409
    assert "dispatch has been commanded" in answer.json()["detail"]
    assert (await client.get(f"{SIGNALS}/k-1")).json()["outcome"] == "refused"
    assert len(shop.asked) == 1


async def test_a_carrier_that_refuses_leaves_the_decision_to_the_saga(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    await Led(shop).tell(moved("shipping"))
    await Led(shop).child(moved("dispatch", "refused", parent=SAGA))
    answer = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers={**KEY, **AT_ONCE})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "pending")


async def test_an_order_that_has_ended_takes_no_signal(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await begin(shop, client)
    await Led(shop).tell(failed())
    answer = await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "signal_refused")
    assert "cancelled already" in answer.json()["detail"]
    assert (await client.get(f"{SIGNALS}/k-1")).json()["outcome"] == "refused"
    assert len(shop.asked) == 1


async def test_what_a_crash_left_unasked_is_asked_again_the_start_first(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    shop.broker_is_away = True
    await client.post(START, json=BODY, headers=AT_ONCE)
    await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers={**KEY, **AT_ONCE})
    shop.broker_is_away = False
    await sweep(shop, everything=False)
    assert not shop.asked, "it may still be on its way"
    shop.clock.advance(int(EVERY_S * 1_000))
    await sweep(shop, everything=False)
    asked = [(one["type"], one["requestkey"]) for one in shop.asked]
    assert asked == [("saga.start", REFERENCE), ("saga.signal", REFERENCE)]
    assert shop.asked[1]["data"]["by"] == "ann"
    await sweep(shop, everything=False)
    assert len(shop.asked) == 2
    await sweep(shop, everything=True)
    assert len(shop.asked) == 4, "a broker may have lost them"
    await Led(shop).tell(started(), told("applied", "k-1"))
    await sweep(shop, everything=True)
    assert len(shop.asked) == 4


async def test_an_order_that_does_not_begin_is_asked_for_once_more(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    """That the broker has it is not noted where an event is to be expected in a moment."""
    await client.post(START, json=BODY, headers=AT_ONCE)
    await client.post(f"{SIGNALS}/cancel", json=CANCEL, headers={**KEY, **AT_ONCE})
    await shop.last_start()
    asked = len(shop.asked)
    for _ in range(3):
        shop.clock.advance(int(EVERY_S * 1_000))
        await sweep(shop, everything=False)
    assert len(shop.asked) == asked + 2


@pytest.mark.parametrize(
    ("what", "body"), [("cancel", CANCEL), ("update-address", UPDATE), ("review", REVIEW)]
)
async def test_an_order_that_is_being_undone_refuses_at_once(
    shop: Shop, client: httpx.AsyncClient, what: str, body: Any
) -> None:
    await begin(shop, client)
    asked = len(shop.asked)
    await Led(shop).tell(moved("payment"), turned("deadline_exceeded", "deadline exceeded"))
    answer = await client.post(f"{SIGNALS}/{what}", json=body, headers=AT_ONCE)
    assert (answer.status_code, answer.json()["code"]) == (409, "signal_refused")
    assert "is being undone already: deadline exceeded" in answer.json()["detail"]
    assert len(shop.asked) == asked, "the saga is not asked what is known"
