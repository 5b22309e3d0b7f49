"""What a process says of its health beside its loop is what it found there a moment ago."""

from pathlib import Path

import httpx
import msgspec
import pytest

from infra.clock import ManualClock
from orchestrator.admin.pulse import SILENT_S, Pulse
from orchestrator.runtime.errors import NotRunning
from orchestrator.runtime.health import Health
from tests.unit.admin.backend import FakeBackend


@pytest.mark.parametrize("reasons", [[], ["partition 1 has no owner"]])
async def test_it_says_what_the_route_says(
    backend: FakeBackend, clock: ManualClock, client: httpx.AsyncClient, reasons: list[str]
) -> None:
    backend.state_of_health = Health(not reasons, reasons, [])
    told = Pulse(backend, clock).told()
    answer = await client.get("/health")
    assert (told.status, msgspec.json.decode(told.body)) == (answer.status_code, answer.json())


def test_it_says_what_was_found_last(backend: FakeBackend, clock: ManualClock) -> None:
    backend.state_of_health = Health(True, [], [])
    pulse = Pulse(backend, clock)
    backend.state_of_health = Health(False, ["it is full"], [])
    assert pulse.told().status == 200
    pulse.look()
    assert pulse.told().status == 503


def test_who_has_not_looked_for_long_is_not_well(backend: FakeBackend, clock: ManualClock) -> None:
    backend.state_of_health = Health(True, [], [])
    pulse = Pulse(backend, clock)
    clock.advance(int(SILENT_S * 1_000))
    assert pulse.told().status == 200
    clock.advance(2_000)
    assert pulse.told().status == 503
    (why,) = msgspec.json.decode(pulse.told().body)["reasons"]
    assert why == "the process is stuck: it has not looked after itself for 7 s"
    pulse.look()
    assert pulse.told().status == 200


def test_without_an_orchestrator_it_says_so(
    backend: FakeBackend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Health:
        raise NotRunning

    monkeypatch.setattr(backend, "health", gone)
    assert Pulse(backend, clock).told().status == 503


def test_its_answers_are_measured_as_all_are(tmp_path: Path, clock: ManualClock) -> None:
    backend = FakeBackend(tmp_path, clock)
    Pulse(backend, clock).measured(0.002, 200)
    text = "\n".join(backend.metrics.http_seconds.lines())
    assert '_count{method="GET",route="/health",status="200"} 1' in text
    backend.close()
