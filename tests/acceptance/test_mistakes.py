"""What a user gets wrong before anything runs: one line, exit code 2, no traceback."""

import json
import signal

import httpx
import pytest

from infra.broker.settings import BrokerSettings
from tests.acceptance.conftest import Saga


@pytest.mark.parametrize(
    ("app", "says"),
    [
        ("nowhere:app", "nowhere"),
        ("sagas:nothing", "nothing"),
        ("no import string", "import string"),
        ("json:loads", "Application"),
    ],
)
def test_a_wrong_application(saga: Saga, app: str, says: str) -> None:
    saga.run("definitions", "--app", app).is_a_mistake(says)


@pytest.mark.parametrize("command", [("up", "--port", "0"), ("demo",), ("service", "payment")])
def test_no_process_starts_without_its_application(saga: Saga, command: tuple[str, ...]) -> None:
    saga.run(*command, "--app", "nowhere:app").is_a_mistake("nowhere")
    assert not saga.data.exists()


def test_a_package_that_ours_hides(saga: Saga) -> None:
    (saga.folder / "services").mkdir()
    (saga.folder / "services" / "__init__.py").write_text("app = None\n", encoding="utf-8")
    saga.run("definitions", "--app", "services:app").is_a_mistake(str(saga.folder / "services"))


def test_a_data_folder_that_cannot_be_written(saga: Saga) -> None:
    saga.data.write_text("a file is in the way", encoding="utf-8")
    saga.run("up", "--port", "0").is_a_mistake(str(saga.data), "cannot be written")


def test_an_unknown_service_names_those_there_are(saga: Saga) -> None:
    saga.run("service", "nope").is_a_mistake("nope", "payment")


def test_a_port_that_is_taken(saga: Saga, unused_tcp_port: int) -> None:
    other = Saga(saga.folder / "other")
    other.folder.mkdir()
    try:
        first = other.spawn("up", "--port", str(unused_tcp_port))
        other.until(other.ready, first)
        saga.run("up", "--port", str(unused_tcp_port)).is_a_mistake(str(unused_tcp_port))
    finally:
        other.close()


def test_a_broker_that_is_not_there_is_named(saga: Saga, unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    saga.run("topics", "list", "--broker", address).is_a_mistake(address)


def test_a_process_waits_for_its_broker_and_says_so(saga: Saga, unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    process = saga.spawn("up", "--port", "0", "--broker", address)
    log = saga.folder / "up-0.log"
    saga.until(lambda: address in log.read_text() and bool(saga.url()), process)
    ready = httpx.get(f"{saga.url()}/health/ready", trust_env=False)
    assert ready.status_code == 503
    assert address in ready.json()["reasons"][0]
    assert httpx.get(f"{saga.url()}/health/live", trust_env=False).is_success
    assert saga.stop(process, signal.SIGTERM) == 0
    assert log.read_text().count(address) == 1


@pytest.mark.parametrize("command", ["up", "orchestrator"])
def test_a_second_process_is_refused_while_the_first_waits_for_its_broker(
    saga: Saga, unused_tcp_port: int, command: str
) -> None:
    where = ("--port", "0", "--broker", f"127.0.0.1:{unused_tcp_port}")
    process = saga.spawn("up", *where)
    saga.until(lambda: bool(saga.url()), process)
    before = (saga.data / "running.json").read_bytes()
    saga.run(command, *where).is_a_mistake("in use by process", str(process.pid))
    assert (saga.data / "running.json").read_bytes() == before
    assert saga.stop(process, signal.SIGTERM) == 0


def test_a_second_service_is_refused_while_the_first_waits_for_its_broker(
    saga: Saga, unused_tcp_port: int
) -> None:
    where = ("service", "payment", "--broker", f"127.0.0.1:{unused_tcp_port}")
    process = saga.spawn(*where)
    lock = saga.data / "services" / ".payment" / "lock"
    saga.until(lambda: lock.exists() and lock.read_text() == f"{process.pid}\n", process)
    saga.run(*where).is_a_mistake("in use by process", str(process.pid))
    assert saga.stop(process, signal.SIGTERM) == 0


def test_the_orchestrator_alone_loads_no_service(saga: Saga, unused_tcp_port: int) -> None:
    text = (
        "from dataclasses import replace\n"
        "from sagas import app as ours\n"
        "services = {'product': 'is_not_here:participant'}\n"
        "app = replace(ours, services=services, seed='nor_here:load')\n"
    )
    (saga.folder / "remote.py").write_text(text, encoding="utf-8")
    where = ("--port", "0", "--broker", f"127.0.0.1:{unused_tcp_port}", "--app", "remote:app")
    process = saga.spawn("orchestrator", *where)
    saga.until(lambda: bool(saga.url()), process)
    assert saga.stop(process) == 0
    saga.run("service", "product", *where[2:]).is_a_mistake("is_not_here")


@pytest.mark.kafka
async def test_topics_are_created_once_and_listed(saga: Saga, kafka_broker: BrokerSettings) -> None:
    where = ("--broker", kafka_broker.address)
    env = {"KAFKA_TOPIC_PREFIX": kafka_broker.topic_prefix}
    first = saga.run("topics", "create", "--json", *where, **env)
    assert first.code == 0, first
    assert all(topic["created"] for topic in first.facts)
    again = saga.run("topics", "create", "--json", *where, **env)
    assert not any(topic["created"] for topic in again.facts)
    listed = saga.run("topics", "list", "--json", *where, **env)
    assert all(topic["found"] == topic["partitions"] == 8 for topic in listed.facts)
    other = saga.run("topics", "create", *where, **env, SAGA_PARTITIONS="4")
    other.is_a_mistake("8 partitions and must have 4")


def test_binding_to_a_network_needs_a_token(saga: Saga) -> None:
    saga.run("up", "--port", "0", SAGA_HTTP_HOST="0.0.0.0").is_a_mistake("SAGA_TOKEN")


def test_a_second_orchestrator_on_an_embedded_broker_is_refused(saga: Saga) -> None:
    saga.up()
    bootstrap = json.loads((saga.data / "running.json").read_text("utf-8"))["bootstrap"]
    asked = ("orchestrator", "--broker", bootstrap, "--port", "0")
    done = saga.run(*asked, "--data", str(saga.folder / "other"))
    done.is_a_mistake("another orchestrator uses the embedded broker", bootstrap)


def test_a_second_service_on_an_embedded_broker_is_refused(saga: Saga) -> None:
    """It would join the group of the first one and end the broker."""
    first = saga.up()
    bootstrap = json.loads((saga.data / "running.json").read_text("utf-8"))["bootstrap"]
    asked = ("service", "payment", "--broker", bootstrap, "--data", str(saga.folder / "other"))
    saga.run(*asked).is_a_mistake("another process with the service payment", bootstrap)
    assert saga.ready()
    saga.stop(first)
