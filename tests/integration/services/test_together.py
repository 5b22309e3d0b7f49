"""All services in one process on a broker, and an orchestrator made of the test."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from contracts.messages import Event
from contracts.orders import OrderCompleted, OrderPlaced
from contracts.topics import partition_of_start
from infra.clock import ManualClock
from infra.datastore import FolderInUse
from infra.http.app import make_app
from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from services import inventory, orders, payment, product, seed, shipping
from services.participant import RunningServices
from tests.integration.services.conftest import Peer, eventually
from tests.unit.services.messages import event

MODULES = (product, payment, inventory, shipping, orders)
PARTICIPANTS = {module.participant.name: module.participant for module in MODULES}
TOKEN = "a-token-for-the-test"


def all_services(peer: Peer, folder: Path) -> RunningServices:
    return RunningServices(PARTICIPANTS, peer.broker, folder, seed=seed.load())


def customer(services: RunningServices) -> httpx.AsyncClient:
    guard = Guard(TOKEN, Principal("test", 1), Sessions(ManualClock()))
    app = make_app("orders", guard, [orders.router(services)])
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://shop",
        headers={"Authorization": f"Bearer {TOKEN}", "Prefer": "wait=30"},
    )


async def tell(peer: Peer, fact: Event, number: int) -> None:
    raw = event(type(fact).__name__, fact.model_dump(), id=f"event-{number}")
    await peer.send(fact.topic, raw)


async def fulfil(peer: Peer, start: bytes | None) -> None:
    """What the orchestrator would tell of this order, its end twice."""
    wanted = json.loads(start or b"")["data"]["input"]
    done = OrderCompleted(
        **wanted,
        amount=23_800,
        currency="EUR",
        payment_id=1,
        shipment_id=1,
        address="here",
        expected_delivery="2026-11-23",
    )
    await tell(peer, OrderPlaced(**wanted), 1)
    await tell(peer, done, 2)
    await tell(peer, done, 2)


async def test_an_order_goes_through_the_front_door_and_back(peer: Peer, tmp_path: Path):
    async with all_services(peer, tmp_path) as services, customer(services) as client:
        await services.ready()
        body = {"userId": 1, "productId": 3, "quantity": 2}
        asked = asyncio.create_task(client.post("/orders", json=body))
        partition = partition_of_start(1, "order-fulfillment", "order-1", 2)
        (start,) = await peer.read("saga.requests", 1, partition)
        await fulfil(peer, start.value)
        answer = await asked
        assert (answer.status_code, answer.json()["amount"]) == (201, 23_800)
        await eventually(lambda: services["orders"].health().counts.get("repeated") == 1)
        assert all(health.ready for health in services.health())


async def test_every_service_shows_its_books(peer: Peer, tmp_path: Path):
    async with all_services(peer, tmp_path) as services:
        books = [runner.participant.books(runner.reader) for runner in services.values()]
    assert all(book.balanced for book in books)
    headings = {"catalogue", "accounts", "stock", "shipments", "orders"}
    assert {book.heading for book in books} == headings


async def test_one_that_cannot_start_leaves_none_running(peer: Peer, tmp_path: Path):
    async with all_services(peer, tmp_path):
        second = all_services(peer, tmp_path)
        with pytest.raises(FolderInUse):
            await second.start()
        assert all(health.reasons == ("not running",) for health in second.health())
