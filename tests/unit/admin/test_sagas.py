"""Sagas over HTTP: start, look, list, repair."""

import asyncio
from typing import Any

import httpx
import pytest

from infra.clock import ManualClock
from orchestrator.admin import starts
from orchestrator.engine.inputs import Repair, Wake
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


async def stuck(client: Client, backend: FakeBackend, clock: ManualClock) -> int:
    """A saga whose undo of `pack` has been given up."""
    backend.answers |= {"ship": "refused", "pack": "succeeded"}
    taken = backend.take

    async def silent_undo(saga, given, definition=None):
        if getattr(given, "direction", "") != "undo":
            await taken(saga, given, definition)

    backend.take = silent_undo
    saga = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    for n in range(4):
        clock.advance(5_000)
        await backend.take(saga, Wake(f"w{n}", clock.now_ms()))
    return saga


async def test_repair(client: Client, backend: FakeBackend, clock: ManualClock):
    saga = await stuck(client, backend, clock)
    view = (await client.get(f"/sagas/{saga}")).json()
    assert view["state"] == "needs_operator"
    (waiting,) = view["waiting"]
    assert (waiting["kind"], waiting["step"], waiting["direction"]) == ("operator", "pack", "undo")
    assert waiting["due_at"] is None
    body = {"action": "skip", "reason": "it never left"}
    answer = await client.post(f"/sagas/{saga}/repair", json=body, headers=KEY)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/sagas/{saga}"
    assert answer.headers["idempotency-key"] == "k-1"
    other = body | {"step": "pack", "by": "ann"}
    again = await client.post(f"/sagas/{saga}/repair", json=other)
    fresh = again.headers["idempotency-key"]
    assert backend.repairs == [
        (saga, "skip", "it never left", "operator", "", 1, "k-1"),
        (saga, "skip", "it never left", "ann", "pack", 1, fresh),
    ]
    wrong = await client.post(f"/sagas/{saga}/repair", json=body | {"step": "ship"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "step_not_stuck")


async def test_the_same_key_is_the_same_repair_though_the_saga_has_moved_on(
    client: Client, backend: FakeBackend, clock: ManualClock
):
    saga = await stuck(client, backend, clock)
    body = {"action": "skip", "reason": "it never left"}
    await client.post(f"/sagas/{saga}/repair", json=body, headers=KEY)
    decided = Repair("k-1", clock.now_ms(), "skip", "", "it never left", "operator")
    await backend.take(saga, decided)
    assert (await client.get(f"/sagas/{saga}")).json()["state"] == "failed"
    again = await client.post(f"/sagas/{saga}/repair", json=body, headers=KEY)
    assert (again.status_code, again.json()["action"]) == (202, "skip")
    assert len(backend.repairs) == 1
    for other in ({"action": "retry"}, {"reason": "another"}, {"step": "ship"}):
        reused = await client.post(f"/sagas/{saga}/repair", json=body | other, headers=KEY)
        assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")


async def test_a_saga_that_does_not_stand_still_is_not_repaired(
    client: Client, backend: FakeBackend
):
    body = {"action": "retry", "reason": "because"}
    ended = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    refused = await client.post(f"/sagas/{ended}/repair", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "saga_ended")
    backend.answers["pack"] = ""
    running = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    refused = await client.post(f"/sagas/{running}/repair", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_stands_still")
    assert backend.repairs == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "retry"},
        {"action": "retry", "reason": ""},
        {"action": "explode", "reason": "x"},
        {"action": "retry", "reason": "x" * 1001},
        {"action": "retry", "reason": "x", "more": 1},
        [],
        None,
    ],
)
async def test_wrong_repairs_are_422(client: Client, body):
    assert (await client.post("/sagas/5/repair", json=body)).status_code == 422
