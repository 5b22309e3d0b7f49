"""Sagas over HTTP: look at one, its history, and lists; nobody sees those of another account."""

import httpx
import pytest

from infra.clock import ManualClock
from orchestrator.engine.inputs import Wake
from tests.unit.admin.backend import FakeBackend

Client = httpx.AsyncClient
KEY = {"Idempotency-Key": "k-1"}


async def test_why_a_saga_does_not_move(client: Client, backend: FakeBackend, clock: ManualClock):
    backend.answers["ship"] = ""
    saga = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    clock.advance(1_500)
    await backend.take(saga, Wake("w", clock.now_ms()))
    (pausing,) = (await client.get(f"/sagas/{saga}")).json()["waiting"]
    assert (pausing["kind"], pausing["attempt"], pausing["attempts"]) == ("retry", 1, 2)
    clock.advance(500)
    await backend.take(saga, Wake("w2", clock.now_ms()))
    (waiting,) = (await client.get(f"/sagas/{saga}")).json()["waiting"]
    assert (waiting["kind"], waiting["service"], waiting["command"]) == (
        "reply",
        "shiper",
        "Doship",
    )
    assert (waiting["attempt"], waiting["overdue"]) == (2, False)
    assert waiting["last_error"]
    assert "shiper" in waiting["text"]
    assert waiting["due_at"] > clock.now_ms()


async def test_history_tells_every_fact_in_order(client: Client, backend: FakeBackend):
    backend.answers["ship"] = "refused"
    saga = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    items = (await client.get(f"/sagas/{saga}/history")).json()["items"]
    assert [item["number"] for item in items] == list(range(1, len(items) + 1))
    kinds = [fact["type"] for item in items for fact in item["facts"]]
    assert kinds[0] == "started"
    assert kinds[-1] == "failed"
    assert "compensating" in kinds


async def test_lists_page_and_filter(client: Client, backend: FakeBackend):
    for order in range(5):
        backend.answers["ship"] = "refused" if order % 2 else "succeeded"
        await client.post("/sagas/work", json={"order": order})
    seen: list[int] = []
    url = "/sagas?limit=2&definition=work"
    while url:
        page = (await client.get(url)).json()
        seen += [item["id"] for item in page["items"]]
        url = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    failed = (await client.get("/sagas?state=failed")).json()["items"]
    assert [item["failure"]["code"] for item in failed] == ["no", "no"]
    assert (await client.get("/sagas?definition=other")).json()["items"] == []
    assert (await client.get("/sagas?state=lost")).status_code == 422


@pytest.mark.parametrize("path", ["/sagas/5", "/sagas/5/history"])
async def test_a_saga_that_is_not_there_is_404(client: Client, path: str):
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "saga_not_found")


async def test_nothing_crosses_an_account(client: Client, other: Client, backend: FakeBackend):
    backend.answers["ship"] = ""
    saga = (await client.post("/sagas/work", json={"order": 7}, headers=KEY)).json()["id"]
    for path in (f"/sagas/{saga}", f"/sagas/{saga}/history"):
        assert (await other.get(path)).status_code == 404
    assert (await other.get("/sagas")).json()["items"] == []
    body = {"action": "skip", "reason": "because"}
    assert (await other.post(f"/sagas/{saga}/repair", json=body)).status_code == 404
    theirs = await other.post("/sagas/work", json={"order": 8}, headers=KEY)
    assert theirs.json()["id"] != saga
