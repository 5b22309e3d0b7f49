"""Sagas that come in over HTTP, and starts that come in at the wrong place."""

import asyncio

from contracts.topics import DEFAULT_TENANT, REQUESTS, partition_of_start
from infra.boundaries import OUTSIDE
from infra.broker.types import Record
from tests.broker_tools import sending
from tests.crash_points.stage import NAME, PARTITIONS, SAGAS, Stage
from tests.crash_points.traffic import EVERYTHING


async def front_door(stage: Stage, point: str) -> None:
    """Orders placed over HTTP, everything in one process, which dies; the client asks again."""
    words = ["up", "--broker", stage.broker.address]
    stage.begin("up", words, point)
    asking = asyncio.create_task(_place(stage))
    try:
        if point:
            await stage.died("up", point)
            stage.begin("up", words)
        await asking
        await stage.ended()
    finally:
        asking.cancel()


async def _place(stage: Stage) -> None:
    """Until each was taken: the same key is the same order."""
    for number in range(1, SAGAS + 1):
        order = stage.order(number)
        body = {"userId": order["user_id"], "productId": order["product_id"]}
        body["quantity"] = order["quantity"]
        while True:
            headers = {"Idempotency-Key": f"key-{number}", "Prefer": "wait=0"}
            answer = await stage.http("POST", "/orders", json=body, headers=headers)
            if answer is not None and answer.status_code in (200, 201, 202):
                break
            await asyncio.sleep(0.1)


async def request(stage: Stage, point: str) -> None:
    """Sagas started through the orchestrator's own API, which dies; the client asks again."""
    stage.orchestrator(point)
    stage.services(*EVERYTHING)
    asking = asyncio.create_task(_start(stage))
    try:
        await stage.died("orchestrator", point)
        stage.orchestrator()
        await asking
        await stage.ended()
    finally:
        asking.cancel()


async def _start(stage: Stage) -> None:
    for number in range(1, SAGAS + 1):
        while True:
            headers = {"Idempotency-Key": f"order-{number}", "Prefer": "wait=0"}
            answer = await stage.http(
                "POST", f"/sagas/{NAME}", json=stage.order(number), headers=headers
            )
            if answer is not None and answer.status_code in (200, 201, 202):
                break
            await asyncio.sleep(0.1)


async def forwarded(stage: Stage, point: str) -> None:
    """Starts that arrive in the wrong partition; the orchestrator dies sending them on."""
    stage.orchestrator(point)
    stage.services(*EVERYTHING)
    await stage.topics_there()
    async with sending(stage.broker) as sender:
        for number in range(1, SAGAS + 1):
            key = f"order-{number}"
            right = partition_of_start(DEFAULT_TENANT, NAME, key, PARTITIONS)
            record = Record(key.encode(), stage.start_message(number))
            wrong = (right + 1) % PARTITIONS
            await sender.submit(stage.broker.topic(REQUESTS), wrong, [record], OUTSIDE)
    await stage.died("orchestrator", point)
    stage.orchestrator()
    await stage.ended()
