"""Cancelling over HTTP: the owner decides, and its answer is 202 or 409 with the reason."""

import asyncio

import httpx
import pytest

from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from orchestrator.admin import asking
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.conftest import TOKEN

Client = httpx.AsyncClient
KEY = {"Idempotency-Key": "c-1"}
BODY = {"reason": "ordered twice", "by": "ann"}


async def running(client: Client, backend: FakeBackend) -> int:
    """A saga whose first step is done and whose second one has been commanded."""
    backend.answers["ship"] = ""
    return int((await client.post("/sagas/work", json={"order": 7})).json()["id"])


async def test_a_running_saga_is_cancelled(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    answer = await client.post(f"/sagas/{saga}/cancel", json=BODY, headers=KEY)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "applied")
    told = (await client.get(answer.headers["location"])).json()
    assert (told["outcome"], told["signal"], told["by"]) == ("applied", "cancel", "ann")
    view = (await client.get(f"/sagas/{saga}")).json()
    assert view["failure"] == {
        "code": "cancelled",
        "reason": "cancelled by ann: ordered twice",
        "status": 409,
    }
    assert view["state"] == "compensating"  # what is in flight settles first
    history = (await client.get(f"/sagas/{saga}/history")).json()["items"]
    assert [fact["type"] for fact in history[-1]["facts"]] == ["signalled", "failing"]


async def test_an_id_may_be_any_key(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    odd = {"Idempotency-Key": "./a/b?c#d%2F"}
    answer = await client.post(f"/sagas/{saga}/cancel", json=BODY, headers=odd)
    told = (await client.get(answer.headers["location"])).json()
    assert (told["id"], told["outcome"]) == (odd["Idempotency-Key"], "applied")


async def test_who_cancels_is_the_caller_unless_said(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    answer = await client.post(f"/sagas/{saga}/cancel", json={"reason": "x"})
    assert answer.headers["idempotency-key"] == answer.json()["signal"]
    told = (await client.get(answer.headers["location"])).json()
    assert told["by"] == "operator"


async def test_too_late_is_409_and_stands_in_the_history(client: Client):
    ended = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    for _ in range(2):  # the same key has the same answer
        answer = await client.post(f"/sagas/{ended}/cancel", json=BODY, headers=KEY)
        assert (answer.status_code, answer.json()["code"]) == (409, "cancel_refused")
        assert "has ended: completed" in answer.json()["detail"]
    history = (await client.get(f"/sagas/{ended}/history")).json()["items"]
    assert [fact["type"] for item in history for fact in item["facts"]].count("signal_refused") == 1
    told = (await client.get(f"/sagas/{ended}/signals/c-1")).json()
    assert (told["outcome"], told["why"]) == ("refused", "the saga has ended: completed")
    assert (await client.get(f"/sagas/{ended}")).json()["state"] == "completed"


async def test_the_same_key_is_the_same_signal(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    for _ in range(2):
        answer = await client.post(f"/sagas/{saga}/cancel", json=BODY, headers=KEY)
        assert answer.status_code == 202
    assert len((await client.get(f"/sagas/{saga}/history")).json()["items"]) == 3
    other = await client.post(f"/sagas/{saga}/cancel", json=BODY | {"reason": "x"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_not_decided_yet_says_where_to_look(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    backend.lost = True
    answer = await client.post(f"/sagas/{saga}/cancel", json=BODY, headers=KEY)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "pending")
    missing = await client.get(answer.headers["location"])
    assert (missing.status_code, missing.json()["code"]) == (404, "signal_not_found")


async def test_kafka_that_does_not_take_it_is_503(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
):
    saga = await running(client, backend)

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(backend, "signal", never)
    monkeypatch.setattr(asking, "DECIDED_S", 0.01)
    answer = await client.post(f"/sagas/{saga}/cancel", json=BODY, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "x" * 1001}, {"reason": "x", "by": ""}, {"who": "me"}]
)
async def test_bad_input_names_its_place(client: Client, backend: FakeBackend, body: object):
    saga = await running(client, backend)
    answer = await client.post(f"/sagas/{saga}/cancel", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_nothing_crosses_an_account(client: Client, other: Client, backend: FakeBackend):
    saga = await running(client, backend)
    assert (await other.post(f"/sagas/{saga}/cancel", json=BODY)).status_code == 404
    assert (await other.get(f"/sagas/{saga}/signals/c-1")).status_code == 404
    assert (await client.post("/sagas/999424/cancel", json=BODY)).status_code == 404
    assert (await client.get(f"/sagas/{saga}")).json()["state"] == "running"


async def test_any_signal_is_told_the_same_way(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    body = {"signal": "review", "by": "ann", "data": {"approved": True}}
    answer = await client.post(f"/sagas/{saga}/signals", json=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "signal_refused")
    assert "takes no signal review" in answer.json()["detail"]
    cancel = {"signal": "cancel", "reason": "ordered twice"}
    answer = await client.post(f"/sagas/{saga}/signals", json=cancel)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "applied")


async def test_cancel_needs_a_reason_whichever_way_it_comes(client: Client, backend: FakeBackend):
    saga = await running(client, backend)
    answer = await client.post(f"/sagas/{saga}/signals", json={"signal": "cancel"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/reason")


async def test_cancel_by_the_way_of_signals_needs_the_permission_of_cancel(
    make_app, clock, client: Client, client_of, backend: FakeBackend
):
    saga = await running(client, backend)
    some = Principal("ann", 1, frozenset({"sagas:signal", "sagas:read"}))
    limited = client_of(make_app(Guard(TOKEN, some, Sessions(clock))))
    body = {"signal": "cancel", "reason": "x"}
    answer = await limited.post(f"/sagas/{saga}/signals", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert (await client.get(f"/sagas/{saga}")).json()["state"] == "running"
