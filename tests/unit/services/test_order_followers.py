"""Orders as a follower of what their sagas tell: status, steps, history, signals, in any order."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.address import Address
from contracts.lifecycle import OrderAddressUpdated
from contracts.saga_events import SagaLate, SagaMoved, SagaNeedsOperator, SagaRefused, SagaRepaired
from services.orders.lifecycle.starts import LIFECYCLE
from tests.unit.services.messages import NOW
from tests.unit.services.orders_led import (
    AT_ONCE,
    BASEL,
    BODY,
    CANCEL,
    CHILD,
    LEIPZIG,
    REFERENCE,
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
)
from tests.unit.services.shop import Shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    await place(made)
    yield made
    made.close()


@pytest.fixture
async def led(shop: Shop) -> Led:
    return Led(shop)


async def test_the_whole_way_of_an_order(shop: Shop, led: Led) -> None:
    assert (await look(shop))["status"] == "pending"
    await led.tell(started(), moved("receive"))
    shown = await look(shop)
    assert (shown["status"], shown["workflow_id"]) == ("running", SAGA)
    assert (shown["current_step"], shown["phase"], shown["attempt"]) == ("receive", "sent", 1)
    await led.tell(moved("receive", number=2))
    assert (await look(shop))["attempt"] == 2
    await led.tell(moved("receive", "done"), moved("review", "waiting"))
    shown = await look(shop)
    assert (shown["current_step"], shown["phase"]) == ("review", "waiting")
    await led.tell(moved("review", "done"), moved("shipping"))
    await led.child(moved("prepare", parent=SAGA))
    shown = await look(shop)
    assert shown["current_step"] == "shipping/prepare"
    assert shown["completed_steps"] == ["receive", "review"]
    await led.child(moved("prepare", "done", parent=SAGA))
    await led.tell(moved("shipping", "done"), moved("ship"), completed())
    early = await look(shop)
    await led.tell(moved("ship", "done"))
    shown = await look(shop)
    assert early["completed_steps"] == shown["completed_steps"], "the end may be heard of first"
    assert (shown["status"], shown["current_step"], shown["error"]) == ("completed", None, None)
    assert shown["completed_steps"] == ["receive", "review", "shipping/prepare", "shipping", "ship"]
    assert (shown["result"]["tracking_number"], shown["amount"]) == ("PP1", 23_800)
    assert await statuses(shop) == ["running", "completed"]
    steps = [(line["data"]["step"], line["workflow_id"]) for line in await lines(shop, "step")]
    assert ("shipping/prepare", CHILD) in steps


async def test_what_the_child_tells_may_be_heard_first(shop: Shop, led: Led) -> None:
    await led.tell(started())
    await led.child(moved("prepare", parent=SAGA))
    assert (await look(shop))["current_step"] == "shipping/prepare"
    await led.child(moved("prepare", parent=99))
    await led.child(moved("prepare"))
    assert len(await lines(shop, "step")) == 1, "what is nobody's child here is not ours"


async def test_an_order_is_found_by_its_request_key_before_its_start_is_heard_of(
    shop: Shop, led: Led
) -> None:
    await led.tell(moved("receive"), started())
    assert ((await look(shop))["workflow_id"], await statuses(shop)) == (SAGA, ["running"])


async def test_an_order_has_last_changed_when_a_step_of_it_did(shop: Shop, led: Led) -> None:
    await led.tell(started())
    before = (await look(shop))["updated_at"]
    await led.tell(moved("receive"))
    after = (await look(shop))["updated_at"]
    async with shop.client() as client:
        assert (await client.get(f"/orders/{REFERENCE}")).json()["updatedAt"] == after
    assert after > before


async def test_a_step_that_stands_still_needs_a_person_until_it_moves(shop: Shop, led: Led) -> None:
    stuck = SagaNeedsOperator(
        definition="shipping", version="v", step="dispatch", direction="do", cause="timeout"
    )
    await led.tell(started(), moved("shipping"))
    await led.child(moved("dispatch", "stuck", parent=SAGA), stuck)
    shown = await look(shop)
    assert (shown["status"], shown["current_step"]) == ("needs_operator", "shipping/dispatch")
    where = {"saga": CHILD, "step": "dispatch", "direction": "do", "cause": "timeout"}
    assert shown["needs"] == where, "the saga to repair is the child"
    await led.child(moved("dispatch", parent=SAGA))
    moved_on = await look(shop)
    assert (moved_on["status"], moved_on["needs"]) == ("running", None)
    (line,) = await lines(shop, "needs_operator")
    assert line["data"]["cause"] == "timeout"


async def test_of_two_steps_that_stand_still_the_one_that_still_does_is_named(
    shop: Shop, led: Led
) -> None:
    first, second = (
        SagaNeedsOperator(
            definition="order-lifecycle", version="v", step=step, direction="undo", cause="refused"
        )
        for step in ("payment", "receive")
    )
    await led.tell(started(), moved("payment", "stuck", "undo"), first)
    await led.tell(moved("receive", "stuck", "undo"), second)
    assert (await look(shop))["needs"]["step"] == "receive"
    await led.tell(moved("receive", "undone", "undo"))
    shown = await look(shop)
    assert (shown["status"], shown["needs"]["step"]) == ("needs_operator", "payment")


@pytest.mark.parametrize("definition", ["order-lifecycle", "shipping"])
async def test_a_saga_that_is_parked_needs_a_person_until_it_moves(
    shop: Shop, led: Led, definition: str
) -> None:
    parked = SagaNeedsOperator(
        definition=definition, version="v", step="", direction="", cause="a bug"
    )
    child = definition == "shipping"
    await led.tell(started(), moved("shipping"))
    await (led.child if child else led.tell)(parked)
    assert (await look(shop))["status"] == "needs_operator"
    if child:
        await led.tell(moved("payment", "done"))
        assert (await look(shop))["status"] == "needs_operator", "its parent is another saga"
        await led.child(moved("prepare", parent=SAGA))
    else:
        await led.tell(moved("ship"))
    assert (await look(shop))["status"] == "running"


async def test_a_late_order_says_so(shop: Shop, led: Led) -> None:
    late = SagaLate(definition="order-lifecycle", committed="shipping")
    await led.tell(started(), late, completed())
    assert (await look(shop))["late"] is True
    assert (await lines(shop, "late"))[0]["data"] == {"committed": "shipping"}


async def test_an_order_whose_child_is_late_says_so(shop: Shop, led: Led) -> None:
    await led.tell(started(), moved("shipping"))
    await led.child(SagaLate(definition="shipping", committed="dispatch"))
    assert (await look(shop))["late"] is True
    await led.tell(SagaLate(definition="order-lifecycle", committed="shipping"))
    assert [line["data"]["committed"] for line in await lines(shop, "late")] == ["dispatch"]


async def test_a_new_address_is_kept_beside_the_old_one_with_who_and_when(
    shop: Shop, led: Led
) -> None:
    at = NOW + 5_000
    updated = OrderAddressUpdated(
        order_id=REFERENCE,
        id="k-1",
        by="ann",
        reason="moved",
        at=at,
        new_address=Address.model_validate(BASEL),
    )
    await led.tell(started(), updated)
    (line,) = await lines(shop, "address")
    assert (line["actor"], line["at"]) == ("ann", "2023-11-14T22:13:25.000+00:00")
    assert line["data"] == {"old": LEIPZIG, "new": BASEL, "reason": "moved", "signal": "k-1"}
    assert (await look(shop))["address"] == BASEL
    async with shop.client() as client:
        again = await client.post(f"/orders/{REFERENCE}/start", json=BODY, headers=AT_ONCE)
    assert again.status_code == 200, "it was started with the old one"


async def test_signals_that_came_another_way_are_known_too(shop: Shop, led: Led) -> None:
    await led.tell(started(), told("held", "k-9"))
    async with shop.client() as client:
        place = f"/orders/{REFERENCE}/signals/k-9"
        assert (await client.get(place)).json()["outcome"] == "held"
        await led.tell(told("refused", "k-9", "too late"))
        shown = (await client.get(place)).json()
        again = await client.post(
            f"/orders/{REFERENCE}/signals/cancel", json=CANCEL, headers={"Idempotency-Key": "k-9"}
        )
    assert (shown["outcome"], shown["why"], shown["by"]) == ("refused", "too late", "ann")
    assert (again.status_code, again.json()["signal"]) == (409, shown)
    assert await statuses(shop) == ["running"]


async def test_the_history_says_what_a_signal_carried(shop: Shop, led: Led) -> None:
    """As it was given here, or else as its saga tells it: yes or no, by whom and why."""
    yes = told("applied", "k-7", signal="review").model_copy(update={"data": {"approved": True}})
    await led.tell(started(), moved("review", "waiting"), yes)
    async with shop.client() as client:
        no = {"approved": False, "reviewed_by": "bob", "reason": "odd"}
        place = f"/orders/{REFERENCE}/signals/review"
        await client.post(place, json=no, headers={"Idempotency-Key": "k-8"})
        await led.tell(told("refused", "k-8", "too late", signal="review"))
        other = (await client.get(f"/orders/{REFERENCE}/signals/k-7")).json()
    said = [line["data"]["data"] for line in await lines(shop, "signal")]
    assert said == [{"approved": True}, {"approved": False}, {"approved": False}]
    assert other["data"] == {"approved": True}


async def test_what_a_person_decided_about_its_saga_or_its_child_is_in_the_history(
    shop: Shop, led: Led
) -> None:
    who = {"by": "ann", "reason": "carrier back"}
    await led.tell(started(), SagaMoved(definition=LIFECYCLE, version="v2", parent=0, **who))
    mended = {"definition": "shipping", "parent": SAGA, "direction": "do", **who}
    await led.child(SagaRepaired(action="retry", step="dispatch", **mended))
    await led.child(SagaRepaired(action="resume", step="", **mended))
    await led.child(SagaMoved(definition="shipping", version="v3", parent=SAGA, **who))
    moves = [(line["actor"], line["data"]) for line in await lines(shop, "move")]
    assert moves == [
        ("ann", {"definition": LIFECYCLE, "version": "v2", "reason": "carrier back"}),
        ("ann", {"definition": "shipping", "version": "v3", "reason": "carrier back"}),
    ]
    repairs = [line["data"] for line in await lines(shop, "repair")]
    assert [(one["action"], one["step"]) for one in repairs] == [
        ("retry", "shipping/dispatch"),
        ("resume", ""),
    ]


async def test_a_start_that_is_refused_ends_the_order_and_what_it_was_told(shop: Shop) -> None:
    place = f"/orders/{REFERENCE}/signals/cancel"
    async with shop.client() as client:
        asked = await client.post(place, json=CANCEL, headers={**AT_ONCE, "Idempotency-Key": "k-1"})
        assert (asked.status_code, asked.json()["outcome"]) == (202, "pending")
        refused = SagaRefused(
            definition="order-lifecycle", code="definition_not_found", reason="why", status=404
        )
        await shop.tell(refused, REFERENCE)
        shown = await look(shop)
        assert (shown["status"], shown["state"]) == ("failed", "failed")
        assert (shown["error"]["code"], shown["workflow_id"]) == ("definition_not_found", None)
        signal = (await client.get(f"/orders/{REFERENCE}/signals/k-1")).json()
    assert (signal["outcome"], signal["why"]) == ("refused", "the order's saga was refused")


async def test_a_refusal_of_a_start_that_is_not_the_orders_changes_nothing(
    shop: Shop, led: Led
) -> None:
    refused = SagaRefused(definition="order-lifecycle", code="key_reused", reason="x", status=422)
    await led.tell(started())
    await shop.tell(refused, REFERENCE)
    other = refused.model_copy(update={"definition": "shipping"})
    await shop.tell(other, REFERENCE)
    assert (await look(shop))["status"] == "running"


async def test_what_other_sagas_and_tenants_tell_is_not_ours(shop: Shop, led: Led) -> None:
    await led.tell(started())
    fulfilled = moved("payment").model_copy(update={"definition": "order-fulfillment"})
    await led.tell(fulfilled)
    await shop.tell(failed(), REFERENCE, tenant="2", saga=str(SAGA))
    await shop.tell(failed(), REFERENCE, saga="77")
    await shop.tell(completed(), REFERENCE, saga="77")
    late = SagaLate(definition="order-lifecycle", committed="x")
    await shop.tell(late, "nobody", saga="77")
    await shop.tell(told("applied", "k"), "nobody", saga="77")
    assert (await look(shop))["status"] == "running"
    assert not await lines(shop, "step")


async def test_times_are_those_of_the_events(shop: Shop) -> None:
    at = "2023-11-14T22:14:00.123+00:00"
    await shop.tell(started(), REFERENCE, saga=str(SAGA), time=at)
    (line,) = await lines(shop, "status")
    assert line["at"] == at
