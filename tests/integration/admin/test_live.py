"""The admin on the real runtime and a real broker: what the fakes of the unit tests stand for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from infra.broker.clients import close_producer, make_producer
from infra.broker.settings import BrokerSettings
from infra.clock import SystemClock
from infra.http.guards import Guard, Principal
from infra.http.server import Server
from infra.http.sessions import Sessions
from orchestrator.admin.application import admin_app
from orchestrator.admin.dead_letters import DeadLetters
from orchestrator.runtime.orchestrator import Orchestrator
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    REQUESTS,
    TOPICS,
    eventually,
    participant,
    read_all,
    refuse,
    running,
    saga,
    step,
)

TOKEN = "token-of-the-tests-0123456789"
WORK = saga(step("first"), step("second"))
WAIT = {"Prefer": "wait=20"}


@asynccontextmanager
async def served(
    orchestrator: Orchestrator, broker: BrokerSettings
) -> AsyncIterator[httpx.AsyncClient]:
    """The admin of this orchestrator on a free port, and a client with the token."""
    clock = SystemClock()
    letters = DeadLetters(broker, clock, orchestrator.metrics)
    guard = Guard(TOKEN, Principal("operator", tenant=1), Sessions(clock))
    app = admin_app(orchestrator, letters, guard, clock)
    server = Server(app, "127.0.0.1", 0, token_configured=False)
    await server.start()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(
            base_url=server.url, headers=headers, timeout=40, trust_env=False
        ) as client:
            yield client
    finally:
        await server.stop()
        await letters.close()


async def test_sagas_over_http(  # pylint: disable=too-many-locals
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(any_broker, TOPICS)
    async with (
        running(any_broker, tmp_path, WORK) as orchestrator,
        served(orchestrator, any_broker) as client,
        participant(any_broker) as work,
    ):
        keyed = WAIT | {"Idempotency-Key": "k-1"}
        done = await client.post("/sagas/work", json={"order": 7}, headers=keyed)
        assert (done.status_code, done.json()["state"]) == (200, "completed")
        same = await asyncio.gather(
            *(client.post("/sagas/work", json={"order": 7}, headers=keyed) for _ in range(3))
        )
        assert {answer.json()["id"] for answer in same} == {done.json()["id"]}
        other = await client.post("/sagas/work", json={"order": 8}, headers=keyed)
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
        work.behave = refuse("second")
        failed = await client.post("/sagas/work", json={"order": 9}, headers=WAIT)
        assert (failed.status_code, failed.json()["state"]) == (200, "failed")
        assert failed.json()["undone"] == ["first"]
        work.behave = lambda command: None
        open_one = await client.post("/sagas/work", json={"order": 10})
        assert open_one.status_code == 202
        view = (await client.get(open_one.headers["location"])).json()
        assert view["state"] == "running"
        assert [each["service"] for each in view["waiting"]] == ["work"]
        ready = await client.get("/health/ready")
        assert ready.status_code == 200
        assert [each["role"] for each in ready.json()["partitions"]] == ["owner", "owner"]
        metrics = (await client.get("/metrics")).text
        assert 'saga_ended_total{definition="work",outcome="completed"} 1.0' in metrics
        assert 'saga_ended_total{definition="work",outcome="failed"} 1.0' in metrics
        assert 'saga_sagas{definition="work",state="running"} 1.0' in metrics
        assert 'saga_duration_seconds_count{definition="work",outcome="failed"} 1.0' in metrics
        assert 'saga_failures_total{code="no",definition="work"} 1.0' in metrics
        assert 'saga_timers_owed{partition="1"} 0.0' in metrics
        assert 'saga_component_healthy{component="database"} 1.0' in metrics
        assert 'saga_http_seconds_count{method="POST",route="/sagas/{definition}"' in metrics
        assert "saga_commit_seconds_count" in metrics
        found = (await client.get("/health/components")).json()
        assert found["status"] == "ok", found
        names = [one["name"] for one in found["components"]]
        assert names == [
            "orchestrator",
            "database",
            "broker",
            "partition 0",
            "partition 1",
            "timers",
            "sagas",
        ]
        assert 'saga_refusals_total{code="no",definition="work",step="second"} 1.0' in metrics
        assert 'saga_partition_owned{partition="1"} 1.0' in metrics
        assert "saga_log_append_seconds_count" in metrics


async def test_dead_letters_are_listed_shown_and_sent_again(  # pylint: disable=too-many-locals
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(any_broker, TOPICS)
    async with (
        running(any_broker, tmp_path, WORK) as orchestrator,
        served(orchestrator, any_broker) as client,
    ):
        assert (await client.get("/dead-letters")).json()["items"] == []
        topic = any_broker.topic(REQUESTS)
        producer = make_producer(any_broker)
        await producer.start()
        try:
            for n in range(3):
                await producer.send_and_wait(  # type: ignore[attr-defined]
                    topic, b"poison %d" % n, key=b"k", partition=1, headers=[("mine", b"1")]
                )
        finally:
            await close_producer(producer)

        async def listed(query: str = "") -> list[dict]:
            return (await client.get(f"/dead-letters{query}")).json()["items"]

        found: list[dict] = []

        async def all_there(count: int, without: int = -1) -> None:
            async with asyncio.timeout(30):
                while len(found) != count or without in {item["id"] for item in found}:
                    found[:] = await listed()
                    await asyncio.sleep(0.05)

        await all_there(3)
        assert {item["topic"] for item in found} == {topic}
        assert [item["id"] for item in found] == sorted((i["id"] for i in found), reverse=True)
        first = (await client.get("/dead-letters?limit=2")).json()
        rest = (await client.get(first["next"])).json()
        assert [*first["items"], *rest["items"]] == found
        letter = (await client.get(f"/dead-letters/{found[-1]['id']}")).json()
        assert letter["raw"].startswith("poison")
        assert letter["headers"]["mine"] == "1"
        assert letter["partition"] == 1
        twice = await asyncio.gather(
            *(client.post(f"/dead-letters/{letter['id']}/redrive") for _ in range(2))
        )
        assert sorted(answer.status_code for answer in twice) == [202, 409]
        # It is still poison, so it comes back: as another letter.
        await eventually(lambda: orchestrator.metrics.dead_letters.values.get((topic,)) == 4)
        await all_there(3, without=letter["id"])
        every = await listed("?all=true")
        assert [i["redriven"]["by"] for i in every if i["id"] == letter["id"]] == ["operator"]
        again = [
            r for r in await read_all(any_broker, REQUESTS) if r.value == letter["raw"].encode()
        ]
        assert [(r.partition, r.key, tuple(r.headers)) for r in again] == [
            (1, b"k", (("mine", b"1"),))
        ] * 2
        # Another process knows it as well: what was sent again is noted in the topic itself.
        fresh = DeadLetters(any_broker, SystemClock(), orchestrator.metrics)
        try:
            seen = await fresh.page(1, None, 10, done=False)
            assert letter["id"] not in {each.id for each in seen}
            office = DeadLetters(any_broker, SystemClock(), orchestrator.metrics)
            both = await asyncio.gather(
                *(each.redrive(1, seen[0].id, "me", False) for each in (fresh, office)),
                return_exceptions=True,
            )
            await office.close()
            assert sorted(type(each).__name__ for each in both) == ["Letter", "RedriveRefused"]
        finally:
            await fresh.close()


async def test_an_orchestrator_that_has_stopped_is_503_and_never_a_500(
    embedded_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(embedded_broker, TOPICS)
    async with (
        running(embedded_broker, tmp_path, WORK) as orchestrator,
        served(orchestrator, embedded_broker) as client,
    ):
        assert (await client.get("/dead-letters/5")).status_code == 404
        assert (await client.post("/dead-letters/5/redrive")).status_code == 404
        await orchestrator.stop()
        for path in ("/sagas", "/sagas/1024", "/health", "/health/ready", "/metrics"):
            assert (path, (await client.get(path)).status_code) == (path, 503)
        assert (await client.get("/health/live")).status_code == 200
        started = await client.post("/sagas/work", json={"order": 7})
        assert started.status_code == 503
