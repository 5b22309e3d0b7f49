"""Rollouts over HTTP: what is refused, and the same key is the same rule; and who may deploy."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from infra.clock import ManualClock
from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from orchestrator.admin import rollouts
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.conftest import TOKEN
from tests.unit.admin.deploying import KEY, MOVES, NEW, OLD, RULE, half, to_new

Client = httpx.AsyncClient


async def test_without_a_rule_there_is_none(client: Client) -> None:
    assert (await client.get(RULE)).json() == {
        "definition": "work",
        "rollout": None,
        "in_force": False,
        "partitions": [],
        "pending": [],
    }


async def test_a_rule_is_in_the_log_with_who_and_why(client: Client) -> None:
    answer = await client.post(RULE, json=half(keys=["k"], tenants=[3]), headers=KEY)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["in_force"], told["partitions"], told["pending"]) == (True, [0], [])
    rule = told["rollout"]
    assert (rule["base"], rule["version"]) == (OLD.version, NEW.version)
    assert (rule["percent"], rule["keys"], rule["tenants"]) == (50, ["k"], [3])
    assert (rule["by"], rule["reason"], rule["request"]) == ("operator", "try it", "r-1")
    assert (await client.get(RULE)).json() == told


async def test_a_later_rule_keeps_the_base_and_off_ends_it(client: Client) -> None:
    await client.post(RULE, json=half())
    more = {"version": NEW.version, "percent": 90, "reason": "it works", "by": "ann"}
    rule = (await client.post(RULE, json=more)).json()["rollout"]
    assert (rule["base"], rule["percent"], rule["by"]) == (OLD.version, 90, "ann")
    off = (await client.post(RULE, json={"off": True, "reason": "done"})).json()
    assert (off["in_force"], off["rollout"]["off"]) == (False, True)


async def test_the_same_key_is_the_same_rule(client: Client, backend: FakeBackend) -> None:
    first = await client.post(RULE, json=half(), headers=KEY)
    backend.clock.advance(1_000)
    again = await client.post(RULE, json=half(), headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())
    assert len(backend.log.rollouts(0)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"percent": 60}, {"keys": ["k"]}, {"tenants": [1]}, {"base": "0" * 16}],
)
async def test_a_used_key_with_another_rule_is_refused(
    client: Client, backend: FakeBackend, changes: dict[str, Any]
) -> None:
    await client.post(RULE, json=half(), headers=KEY)
    answer = await client.post(RULE, json=half(**changes), headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert len(backend.log.rollouts(0)) == 1


async def test_a_used_key_for_another_definition_is_refused(
    client: Client, backend: FakeBackend
) -> None:
    await client.post(RULE, json={"off": True, "reason": "r"}, headers=KEY)
    other = "/definitions/other/rollout"
    answer = await client.post(other, json={"off": True, "reason": "r"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert len(backend.log.rollouts(0)) == 1


async def test_a_rule_that_is_not_logged_in_time_is_pending(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.lost = True
    monkeypatch.setattr(rollouts, "LOGGED_S", -1)
    answer = (await client.post(RULE, json=half(), headers=KEY)).json()
    assert (answer["rollout"], answer["partitions"], answer["pending"]) == (None, [], [0])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "reason"),
        (half(percent=101), "percent"),
        (half(percent="many"), "percent"),
        (half(keys=[""]), "keys"),
        (half(tenants=[-1]), "tenants"),
        (half(reason=""), "reason"),
        (half(reason="x" * 1001), "reason"),
        (half(by=""), "by"),
        (half(share=1), "share"),
        (half(version="new"), "version"),
    ],
)
async def test_bad_input_of_a_rule_names_its_place(
    client: Client, backend: FakeBackend, body: dict[str, Any], says: str
) -> None:
    answer = await client.post(RULE, json=body)
    assert answer.status_code == 422
    assert any(says in error["pointer"] for error in answer.json()["errors"])
    assert not backend.log.rollouts(0)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"version": "0" * 16}, "invalid_definition", "not that of this request"),
        ({"definition": {}}, "invalid_definition", "definition"),
        ({"definition": {"name": "work", "input": {}, "body": []}}, "invalid_definition", "steps"),
        ({"definition": None}, "invalid_input", "name the new version"),
        ({"definition": None, "version": "0" * 16}, "definition_not_found", "has no version"),
        ({"definition": None, "version": OLD.version}, "nothing_to_roll_out", "get anyway"),
        ({"base": "0" * 16}, "definition_not_found", "has no version"),
    ],
)
async def test_a_rule_that_nobody_could_go_by_is_refused(
    client: Client, backend: FakeBackend, changes: dict[str, Any], code: str, says: str
) -> None:
    answer = await client.post(RULE, json=half(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert says in answer.json()["detail"]
    assert not backend.log.rollouts(0)


async def test_a_rule_needs_a_base_where_the_program_has_no_such_saga(client: Client) -> None:
    body = {"version": NEW.version, "percent": 1, "reason": "r"}
    answer = await client.post("/definitions/nothing/rollout", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "definition_not_found")
    assert "base" in answer.json()["detail"]


async def test_who_is_not_known_deploys_nothing(stranger: Client, backend: FakeBackend) -> None:
    assert (await stranger.get(RULE)).status_code == 401
    assert (await stranger.post(RULE, json=half())).status_code == 401
    assert (await stranger.post(MOVES, json=to_new(1024))).status_code == 401
    assert not backend.log.rollouts(0)


async def test_reading_is_not_deploying(
    make_app: Any, clock: ManualClock, client_of: Callable[..., Client], backend: FakeBackend
) -> None:
    ann = Principal("ann", 1, frozenset({"definitions:read", "sagas:read", "sagas:start"}))
    reader = client_of(make_app(Guard(TOKEN, ann, Sessions(clock))))
    assert (await reader.get(RULE)).status_code == 200
    for path, body in ((RULE, half()), (MOVES, to_new(1024))):
        answer = await reader.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert not backend.log.rollouts(0)
