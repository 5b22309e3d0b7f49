"""`saga health`, and what watches a process of services alone."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Saga
from tests.acceptance.test_up import child_of


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saga]:
    """One `saga up` for the tests that only look at it."""
    saga = Saga(tmp_path_factory.mktemp("health"))
    try:
        saga.up(SAGA_METRICS_PORT="0", SAGA_PARTITIONS="2")
        yield saga
    finally:
        saga.close()


def test_every_component_by_name(running: Saga) -> None:
    found = running.json("health")
    names = [one["name"] for one in found["components"]]
    assert names[:3] == ["orchestrator", "database", "broker"]
    assert {"partition 0", "partition 1", "timers", "service payment"} <= set(names)
    assert found["status"] == "ok", found
    shown = running.run("health").out
    assert "partition 1" in shown and "role=owner" in shown and "free_bytes=" in shown
    assert "together: ok" in shown


def test_nothing_in_it_is_a_secret(running: Saga) -> None:
    token = (running.data / "token").read_text("utf-8").strip()
    assert token not in running.run("health", "--json").out
    assert httpx.get(f"{running.url()}/health/components", trust_env=False).status_code == 401
    assert "partitions" not in httpx.get(f"{running.url()}/health/ready", trust_env=False).json()


def test_the_metrics_port_is_told_and_open_on_loopback(running: Saga) -> None:
    said = (running.folder / "up-0.log").read_text("utf-8")
    (url,) = [line.split()[1] for line in said.splitlines() if line.startswith("metrics ")]
    text = httpx.get(url, trust_env=False).text
    assert 'saga_component_healthy{component="service orders"} 1.0' in text
    assert 'saga_sagas{definition="order-fulfillment",state="running"} 0.0' in text


def test_where_nothing_runs_there_is_nothing_to_see(saga: Saga) -> None:
    saga.run("health").is_a_mistake("nothing runs")


def test_a_broker_that_hangs_is_down_and_says_why(saga: Saga) -> None:
    process = saga.up()
    broker = child_of(process.pid)
    os.kill(broker, signal.SIGSTOP)
    try:
        saga.until(lambda: saga.run("health").code == 1, process)
        done = saga.run("health", "--json")
        found = {one["name"]: one for one in done.facts["components"]}
        assert (found["broker"]["status"], found["database"]["status"]) == ("down", "ok")
        assert "does not answer" in found["broker"]["reason"]
        assert "broker" in done.err
    finally:
        os.kill(broker, signal.SIGCONT)
    saga.until(lambda: saga.run("health").code == 0, process)


@pytest.mark.kafka
def test_services_alone_have_metrics_and_health_too(saga: Saga, kafka_broker) -> None:
    env = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_broker.address,
        "KAFKA_TOPIC_PREFIX": kafka_broker.topic_prefix,
        "SAGA_METRICS_PORT": "0",
    }
    assert saga.run("topics", "create", **env).code == 0
    process = saga.spawn("service", "payment", "--json", **env)
    log = saga.folder / "service-0.log"
    saga.until(lambda: _facts(log) is not None, process)
    facts = _facts(log)
    assert facts is not None
    url = facts["metrics"]
    assert facts["url"] is None
    assert httpx.get(f"{url}/health/ready", trust_env=False).json()["status"] == "ready"
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    assert 'saga_component_healthy{component="service payment"} 1.0' in text
    assert "process_resident_memory_bytes" in text


def _facts(log: Path) -> dict | None:
    """What the process said of itself, once it has said all of it."""
    said = log.read_text("utf-8")
    begin = said.find("{\n")
    try:
        return json.loads(said[begin : said.index("\n}", begin) + 2]) if begin >= 0 else None
    except ValueError:
        return None
