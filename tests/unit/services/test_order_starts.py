"""The sagas that the front door of orders asks for: in whose trace, and if refused."""

import asyncio

import pytest

from contracts.saga_events import SagaRefused
from tests.unit.services.placing import BODY, completed
from tests.unit.services.shop import Shop

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NO_TRACE = f"00-{'0' * 32}-b7ad6b7169203331-01"


@pytest.mark.parametrize(("given", "passed"), [(TRACE, TRACE), (NO_TRACE, None), ("", None)])
async def test_an_order_and_its_cancellation_go_on_in_the_callers_trace(
    shop: Shop, given: str, passed: str | None
):
    headers = {"Prefer": "wait=0", "traceparent": given}
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=headers)
        assert (await shop.last_start()).get("traceparent") == passed
        await shop.tell(completed(1))
        await client.post("/orders/1/cancel", headers=headers)
        assert (await shop.last_start()).get("traceparent") == passed


@pytest.mark.parametrize(
    ("status", "code"), [(404, "definition_not_found"), (409, "busy"), (422, "invalid_input")]
)
async def test_a_start_that_is_refused_ends_the_order_and_is_shown_as_what_it_is(
    shop: Shop, status: int, code: str
):
    async with shop.client() as client:
        asked = asyncio.create_task(client.post("/orders", json=BODY))
        await shop.last_start()
        refused = SagaRefused(
            definition="order-fulfillment", code=code, reason="why", status=status
        )
        await shop.tell(refused, "order-1")
        answer = await asked
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"] == "why"
