"""Sagas that stand still, repaired over HTTP."""

import httpx
import pytest

from infra.clock import ManualClock
from orchestrator.engine.inputs import Repair, Wake
from tests.unit.admin.backend import FakeBackend

Client = httpx.AsyncClient
KEY = {"Idempotency-Key": "k-1"}


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
    assert (answer.status_code, answer.json()["outcome"]) == (202, "pending")
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
    assert (again.status_code, again.json()["outcome"]) == (202, "applied")
    assert len(backend.repairs) == 1
    for other in ({"action": "retry"}, {"reason": "another"}, {"step": "ship"}):
        reused = await client.post(f"/sagas/{saga}/repair", json=body | other, headers=KEY)
        assert (reused.status_code, reused.json()["code"]) == (422, "key_reused")


async def test_a_repair_that_is_not_made_is_409_with_the_reason(
    client: Client, backend: FakeBackend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    saga = await stuck(client, backend, clock)

    async def too_late(saga: int, *_given: object, request: str) -> None:
        """By the time that it is decided, that step does not stand still any more."""
        given = Repair(request, clock.now_ms(), "retry", "ship", "it is back", "operator")
        await backend.take(saga, given)

    monkeypatch.setattr(backend.door, "repair", too_late)
    body = {"action": "retry", "reason": "it is back"}
    refused = await client.post(f"/sagas/{saga}/repair", json=body, headers=KEY)
    assert (refused.status_code, refused.json()["code"]) == (409, "repair_refused")
    assert "ship" in refused.json()["detail"]


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
