"""Moves over HTTP: what is refused, and the same key is the same move."""

from typing import Any

import httpx
import msgspec
import pytest

from orchestrator.admin import moves
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.deploying import KEY, MOVES, NEW, OLD, to_new
from tests.unit.admin.work import work

Client = httpx.AsyncClient


async def running(client: Client, backend: FakeBackend) -> int:
    """A saga whose first step is done and whose second one has been commanded."""
    backend.answers["ship"] = ""
    return int((await client.post("/sagas/work", json={"order": 7})).json()["id"])


async def kinds(client: Client, saga: int) -> list[str]:
    """The facts of a saga's history."""
    items = (await client.get(f"/sagas/{saga}/history")).json()["items"]
    return [fact["type"] for item in items for fact in item["facts"]]


async def test_a_saga_is_moved_and_the_same_key_is_the_same_move(
    client: Client, backend: FakeBackend
) -> None:
    saga = await running(client, backend)
    for _ in range(2):
        answer = await client.post(MOVES, json=to_new(saga, saga), headers=KEY)
        assert (answer.status_code, answer.json()) == (
            202,
            {
                "definition": "work",
                "version": NEW.version,
                "items": [{"saga": saga, "outcome": "moved", "why": ""}],
            },
        )
    assert (await kinds(client, saga)).count("moved") == 1
    row = backend.reader.saga(saga)
    assert row is not None and row.version == NEW.version


async def test_a_used_key_with_another_version_is_refused(
    client: Client, backend: FakeBackend
) -> None:
    saga = await running(client, backend)
    await client.post(MOVES, json=to_new(saga), headers=KEY)
    back = {"sagas": [saga], "version": OLD.version, "reason": "back again"}
    answer = await client.post(MOVES, json=back, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert (await kinds(client, saga)).count("moved") == 1


async def test_one_that_could_not_continue_is_refused_with_the_reason(
    client: Client, backend: FakeBackend
) -> None:
    saga = await running(client, backend)
    definition = msgspec.to_builtins(work("pack").definition)
    answer = await client.post(MOVES, json=to_new(saga, definition=definition))
    (item,) = answer.json()["items"]
    assert item["outcome"] == "refused"
    assert "ship" in item["why"]
    assert (await kinds(client, saga))[-1] == "move_refused"
    row = backend.reader.saga(saga)
    assert row is not None and row.version == OLD.version


async def test_a_version_that_nobody_knows_is_refused_by_the_owner(
    client: Client, backend: FakeBackend
) -> None:
    saga = await running(client, backend)
    body = to_new(saga, definition=None, version="0" * 16)
    (item,) = (await client.post(MOVES, json=body)).json()["items"]
    assert item["outcome"] == "refused"
    assert "has no version" in item["why"]


async def test_a_move_that_is_not_decided_in_time_is_pending(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    saga = await running(client, backend)
    backend.lost = True
    monkeypatch.setattr(moves, "DECIDED_S", -1)
    (item,) = (await client.post(MOVES, json=to_new(saga))).json()["items"]
    assert item == {"saga": saga, "outcome": "pending", "why": ""}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sagas": []}, "sagas"),
        ({"sagas": [-1]}, "sagas"),
        ({"sagas": ["x"]}, "sagas"),
        ({"sagas": [1024] * 201}, "sagas"),
        ({"reason": ""}, "reason"),
        ({"by": ""}, "by"),
        ({"version": "x"}, "version"),
        ({"yes": True}, "yes"),
    ],
)
async def test_bad_input_of_a_move_names_its_place(
    client: Client, changes: dict[str, Any], says: str
) -> None:
    answer = await client.post(MOVES, json=to_new(1024, **changes))
    assert answer.status_code == 422
    assert any(says in error["pointer"] for error in answer.json()["errors"])


async def test_a_move_to_nothing_is_refused(client: Client, backend: FakeBackend) -> None:
    saga = await running(client, backend)
    answer = await client.post(MOVES, json=to_new(saga, definition=None))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await kinds(client, saga))[-1] == "sent"


async def test_of_a_saga_that_is_not_there_nobody_is_moved(
    client: Client, backend: FakeBackend
) -> None:
    saga = await running(client, backend)
    answer = await client.post(MOVES, json=to_new(saga, 999_424))
    assert (answer.status_code, answer.json()["code"]) == (404, "saga_not_found")
    assert "moved" not in await kinds(client, saga)
    other = await client.post("/definitions/other/moves", json=to_new(saga))
    assert other.status_code in (404, 422)


async def test_nothing_is_moved_across_an_account(
    client: Client, other: Client, backend: FakeBackend
) -> None:
    saga = await running(client, backend)
    assert (await other.post(MOVES, json=to_new(saga))).status_code == 404
    assert "moved" not in await kinds(client, saga)
