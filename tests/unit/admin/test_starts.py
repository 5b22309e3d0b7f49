"""Sagas started over HTTP: once for each key, refused with a reason, in the caller's trace."""

import asyncio
from typing import Any

import httpx
import pytest

from orchestrator.admin import starts
from orchestrator.runtime.messages import Refused
from tests.unit.admin.backend import FakeBackend

Client = httpx.AsyncClient
KEY = {"Idempotency-Key": "k-1"}


async def test_a_start_is_202_with_its_place_once_it_is_in_the_log(
    client: Client, backend: FakeBackend
):
    backend.answers["pack"] = ""
    answer = await client.post("/sagas/work", json={"order": 7}, headers=KEY)
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/sagas/{body['id']}"
    assert answer.headers["idempotency-key"] == "k-1"
    assert (body["state"], body["key"], body["tenant"]) == ("running", "k-1", 1)
    assert body["data"] == {"input": {"order": 7, "note": ""}}
    assert (await client.get(answer.headers["location"])).json() == body


async def test_a_saga_that_ends_within_the_wait_is_200(client: Client):
    headers = {"Prefer": "wait=5"}
    answer = await client.post("/sagas/work", json={"order": 7}, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["state"] == "completed"
    assert answer.json()["waiting"] == []
    assert answer.headers["preference-applied"] == "wait=5"


async def test_a_saga_that_failed_is_a_result_with_its_reason(client: Client, backend: FakeBackend):
    backend.answers["ship"] = "refused"
    headers = {"Prefer": "wait=5"}
    answer = await client.post("/sagas/work", json={"order": 7}, headers=headers)
    body = answer.json()
    assert (answer.status_code, body["state"]) == (200, "failed")
    assert body["failure"]["code"] == "no"
    assert body["failure"]["status"] == 409
    assert body["undone"] == ["pack"]


async def test_the_same_key_is_the_same_saga(client: Client):
    first = await client.post("/sagas/work", json={"order": 7}, headers=KEY)
    again = await client.post("/sagas/work", json={"order": 7, "note": ""}, headers=KEY)
    # Who does not wait gets 202 however quick the saga is; what had ended before is a result.
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    assert len((await client.get("/sagas")).json()["items"]) == 1


async def test_the_same_key_with_another_body_is_422(client: Client):
    first = await client.post("/sagas/work", json={"order": 7}, headers=KEY)
    other = await client.post("/sagas/work", json={"order": 8}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert other.json()["saga"] == first.json()["id"]


async def test_without_a_key_every_start_is_a_saga_of_its_own(client: Client):
    ids = {(await client.post("/sagas/work", json={"order": 7})).json()["id"] for _ in range(2)}
    assert len(ids) == 2


async def test_an_unknown_definition_is_404(client: Client):
    answer = await client.post("/sagas/nothing", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "definition_not_found")


async def test_a_wrong_input_names_its_places(client: Client):
    answer = await client.post("/sagas/work", json={"order": "x", "note": 5})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/order", "#/note"]


async def test_an_input_larger_than_the_topic_takes_is_413(client: Client):
    body = {"order": 7, "note": "x" * 130_000}
    answer = await client.post("/sagas/work", json=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "input_too_large")
    huge = await client.post("/sagas/work", content=b"x" * 300_000)
    assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")


async def test_a_start_that_is_not_in_the_log_in_time_is_503(client: Client, backend: FakeBackend):
    backend.lost = True
    answer = await client.post("/sagas/work", json={"order": 7}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_in_log_yet")
    assert "retry-after" in answer.headers
    assert "may still run" in answer.json()["detail"]
    assert answer.headers["idempotency-key"] == answer.json()["idempotencyKey"] == "k-1"


@pytest.mark.parametrize("headers", [KEY, {}])
async def test_a_start_that_kafka_does_not_take_in_time_may_still_be_taken(
    client: Client, backend: FakeBackend, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    real = backend.start

    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(starts, "IN_LOG_S", 0.01)
    monkeypatch.setattr(backend, "start", hang)
    answer = await client.post("/sagas/work", json={"order": 7}, headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "broker_unavailable")
    assert "may still be taken" in told["detail"]
    key = answer.headers["idempotency-key"]
    assert key == told["idempotencyKey"] == headers.get("Idempotency-Key", key)
    assert key in told["detail"]
    await real("work", key, {"order": 7}, 1)  # it was taken after all
    saga = backend.reader.by_key(1, "work", key)
    again = await client.post("/sagas/work", json={"order": 7}, headers={"Idempotency-Key": key})
    assert saga is not None
    assert again.headers["location"] == f"/sagas/{saga.id}"


@pytest.mark.parametrize("body", [b"{", b'{"order": "x"}'])
async def test_a_refused_start_carries_the_key_that_was_made_for_it(client: Client, body: bytes):
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/sagas/work", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["idempotency-key"]
    assert "idempotencyKey" not in answer.json()


@pytest.mark.parametrize("status", [404, 409, 422])
async def test_a_start_that_its_owner_refused_is_what_it_says(
    client: Client, backend: FakeBackend, status: int
):
    backend.lost = True
    backend.refused = Refused(1, "work", "k-1", "r", status, "their_code", "their reason")
    answer = await client.post("/sagas/work", json={"order": 7}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (status, "their_code")
    assert answer.json()["detail"] == "their reason"


async def test_a_broker_that_is_not_there_is_503(client: Client, backend: FakeBackend):
    backend.down = True
    answer = await client.post("/sagas/work", json={"order": 7})
    assert (answer.status_code, answer.json()["code"]) == (503, "broker_unavailable")
    assert answer.headers["idempotency-key"] == answer.json()["idempotencyKey"]


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


NO_TRACE = f"00-{'0' * 32}-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("given", "passed"), [(TRACE, TRACE), ("nonsense", None), (NO_TRACE, None), (None, None)]
)
async def test_a_trace_is_passed_on(client: Client, backend: FakeBackend, given, passed):
    headers = {"traceparent": given} if given else {}
    await client.post("/sagas/work", json={"order": 7}, headers=headers)
    assert backend.traces == [passed]
