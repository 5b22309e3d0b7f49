"""Health: open to everybody in short, component by component for who may read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from orchestrator.admin.application import admin_app
from orchestrator.admin.components import BEHIND_MS, LITTLE_ROOM
from orchestrator.runtime.health import Health, PartitionHealth
from orchestrator.runtime.vitals import TimerVitals
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.letters import FakeLetters

Client = httpx.AsyncClient
TOKEN = "token-of-the-tests-0123456789"
OWNER = PartitionHealth(0, "owner", "epoch-1", 41, 40, (7, 7), (9, 8))
FOLLOWER = PartitionHealth(1, "follower", "epoch-2", 17, 16, (-1, -1), (-1, -1))
WELL = Health(True, [], [OWNER, FOLLOWER])


@dataclass
class Service:
    """A service as its process sees it."""

    name: str
    reasons: tuple[str, ...] = ()
    lag: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether there is no reason not to be."""
        return not self.reasons


@pytest.fixture
def services() -> list[Service]:
    return [Service("payment", lag=3, counts={"succeeded": 5})]


@pytest.fixture
def ask(
    backend: FakeBackend,
    letters: FakeLetters,
    guard: Guard,
    clock,
    client_of: Callable[..., Client],
    services: list[Service],
) -> Callable[[], Any]:
    """Ask for the components: their statuses and reasons, by name."""
    backend.state_of_health = WELL
    app = admin_app(backend, letters, guard, clock, services=lambda: services)
    client = client_of(app)

    async def asked() -> dict[str, tuple[str, str]]:
        answer = await client.get("/health/components")
        assert answer.status_code == 200
        found = answer.json()
        told = {one["name"]: (one["status"], one["reason"]) for one in found["components"]}
        statuses = {status for status, _ in told.values()}
        worst = "down" if "down" in statuses else "degraded" if "degraded" in statuses else "ok"
        assert found["status"] == worst
        text = (await client.get("/metrics")).text
        for name, (status, _) in told.items():
            healthy = float(status == "ok")
            assert f'saga_component_healthy{{component="{name}"}} {healthy}' in text
        return told

    return asked


def told(found: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Those that are not well."""
    return {name: one for name, one in found.items() if one != ("ok", "")}


async def test_in_short_it_is_open(stranger: Client, backend: FakeBackend):
    for path in ("/health", "/health/ready"):
        assert (await stranger.get(path)).json()["status"] == "ready"
    backend.state_of_health = Health(False, ["partition 1 has no owner"], [])
    for path in ("/health", "/health/ready"):
        answer = await stranger.get(path)
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["partition 1 has no owner"]
    assert (await stranger.get("/health/live")).json() == {"status": "live"}
    asked = [await stranger.head(f"/health{path}") for path in ("", "/ready", "/live")]
    assert [one.status_code for one in asked] == [503, 503, 200], "as it is asked by HEAD"


async def test_details_are_for_who_may_read_them(
    app: Any, client: Client, stranger: Client, client_of, backend: FakeBackend
):
    backend.state_of_health = WELL
    short = (await stranger.get("/health/ready")).json()
    assert short == {"ready": True, "status": "ready", "reasons": []}
    wrong = client_of(app, token="a-token-that-nobody-knows")
    assert (await wrong.get("/health/ready")).json() == short
    whole = (await client.get("/health/ready")).json()
    assert [one["role"] for one in whole["partitions"]] == ["owner", "follower"]
    assert short.items() <= whole.items()
    assert (await stranger.get("/health/components")).status_code == 401


async def test_a_permission_that_is_not_held(
    backend: FakeBackend, letters: FakeLetters, clock, client_of
):
    little = Principal("little", tenant=1, permissions=frozenset({"sagas:read"}))
    guard = Guard(TOKEN, little, Sessions(clock))
    client = client_of(admin_app(backend, letters, guard, clock), token=TOKEN)
    assert (await client.get("/health/components")).status_code == 403
    assert "partitions" not in (await client.get("/health/ready")).json()


async def test_everything_is_well(ask):
    found = await ask()
    assert not told(found)
    assert list(found) == [
        "orchestrator",
        "database",
        "broker",
        "partition 0",
        "partition 1",
        "timers",
        "sagas",
        "service payment",
    ]


async def test_what_each_component_measures(client: Client, backend: FakeBackend):
    backend.state_of_health = WELL
    backend.timers = [TimerVitals(0, 3, 40)]
    answer = (await client.get("/health/components")).json()
    facts = {one["name"]: one["facts"] for one in answer["components"]}
    assert facts["database"] == {
        "path": "/data/saga.db",
        "bytes": 4096,
        "wal_bytes": 0,
        "free_bytes": 2**40,
    }
    assert facts["broker"] == {"kind": "embedded", "address": "nowhere:9092", "unsent": 0}
    assert facts["partition 0"] == {"role": "owner", "lag": 3, "log_offset": 41, "sent": 40}
    assert facts["timers"] == {"owed": 3, "behind_ms": 40, "partitions": 1}


async def test_a_disk_that_fails_or_is_almost_full(ask, backend: FakeBackend):
    backend.file = replace(backend.file, free_bytes=LITTLE_ROOM - 1)
    assert told(await ask()) == {"database": ("degraded", "256 MiB are left on its disk")}
    backend.file = replace(backend.file, trouble="it is full")
    backend.state_of_health = Health(False, ["it is full"], [OWNER])
    assert told(await ask()) == {"database": ("down", "it is full")}


async def test_a_broker_that_does_not_answer(ask, backend: FakeBackend):
    why = "the broker at nowhere:9092 does not answer: TimeoutError"
    backend.broker = replace(backend.broker, trouble=why, sick={"payment.commands": "no leader"})
    backend.state_of_health = Health(False, [why], [OWNER])
    assert told(await ask()) == {
        "broker": ("down", why),
        "topic payment.commands": ("degraded", "no leader"),
    }


async def test_partitions_each_with_its_own_reason(ask, backend: FakeBackend):
    reasons = ["partition 1: assigned but not owned (claiming)", "saga.replies: OffsetOutOfRange"]
    notes = ["partition 0: set aside as saga.db.aside-1, and read from the topic: another log"]
    backend.state_of_health = Health(False, reasons, [OWNER, FOLLOWER], 0, notes)
    assert told(await ask()) == {
        "orchestrator": ("down", "saga.replies: OffsetOutOfRange"),
        "partition 0": (
            "degraded",
            "set aside as saga.db.aside-1, and read from the topic: another log",
        ),
        "partition 1": ("down", "assigned but not owned (claiming)"),
    }


async def test_timers_that_are_late_and_sagas_that_nothing_moves(ask, backend: FakeBackend):
    backend.timers = [TimerVitals(0, 2, 10), TimerVitals(1, 5, BEHIND_MS + 1)]
    backend.state_of_health = Health(True, [], [OWNER], waiting_for_nobody=2)
    assert told(await ask()) == {
        "timers": ("degraded", "7 wake-ups are owed, the oldest for 5 s"),
        "sagas": ("degraded", "2 open sagas that nothing would move were found, and go on"),
    }


async def test_a_clock_that_has_jumped(ask, backend: FakeBackend):
    backend.jump_ms = -3_600_000
    why = "the wall clock has jumped by -3600 s; it is followed slowly"
    assert told(await ask()) == {"orchestrator": ("degraded", why)}


async def test_a_service_that_is_not_ready(ask, services: list[Service]):
    services.append(Service("shipping", ("not connected", "a background job has ended: x")))
    why = "not connected; a background job has ended: x"
    assert told(await ask()) == {"service shipping": ("down", why)}


async def test_an_orchestrator_that_is_not_there_yet(ask, backend: FakeBackend):
    """Its services are seen all the same, and the metrics answer: a scrape sees why it is down."""
    backend.starting = True
    backend.state_of_health = Health(False, ["no Kafka broker answers at nowhere:9092"], [])
    found = await ask()
    assert found == {
        "orchestrator": ("down", "no Kafka broker answers at nowhere:9092"),
        "service payment": ("ok", ""),
    }
