"""What watches a process that runs services alone: metrics and health on a loopback port."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from infra.http.errors import HttpError
from infra.http.server import Server
from infra.telemetry.metrics import Metrics
from orchestrator.bootstrap.watched import services_app, watched
from orchestrator.settings import Settings


@dataclass
class Service:
    """A service as its process sees it."""

    name: str
    reasons: list[str] = field(default_factory=list)
    lag: int = 2
    counts: dict[str, int] = field(default_factory=lambda: {"succeeded": 3})

    @property
    def ready(self) -> bool:
        """Whether there is no reason not to be."""
        return not self.reasons


async def test_metrics_and_health_of_services() -> None:
    payment, metrics = Service("payment"), Metrics()
    metrics.service_seconds.observe(0.2, "payment", "ChargePayment")
    transport = httpx.ASGITransport(services_app(metrics, lambda: [payment]))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        text = (await client.get("/metrics")).text
        assert 'saga_service_messages_total{outcome="succeeded",service="payment"} 3.0' in text
        assert 'saga_service_lag_records{service="payment"} 2.0' in text
        assert 'saga_component_healthy{component="service payment"} 1.0' in text
        assert 'saga_service_seconds_count{message="ChargePayment",service="payment"} 1.0' in text
        for path in ("/health", "/health/ready", "/health/live"):
            assert (await client.get(path)).status_code == 200
        payment.reasons.append("not connected")
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()) == (
            503,
            {"status": "not_ready", "reasons": ["service payment: not connected"]},
        )
        assert (await client.get("/health/live")).status_code == 200
        text = (await client.get("/metrics")).text
        assert 'saga_component_healthy{component="service payment"} 0.0' in text


async def test_nothing_is_served_unless_a_port_is_named(tmp_path: Path) -> None:
    async with watched(Settings(data=tmp_path), Metrics(), tuple):
        pass


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    taken = Server(services_app(Metrics(), tuple), "127.0.0.1", 0, token_configured=False)
    await taken.start()
    try:
        settings = Settings(data=tmp_path, metrics_port=int(taken.url.rpartition(":")[2]))
        with pytest.raises(HttpError, match="cannot serve HTTP"):
            async with watched(settings, Metrics(), tuple):
                pass
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{taken.url}/health/live")).is_success
    finally:
        await taken.stop()
