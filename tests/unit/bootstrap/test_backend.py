"""The API answers before, while and after the orchestrator runs."""

from typing import Any, cast

import pytest

from infra.broker.errors import BrokerUnreachable
from infra.telemetry.metrics import Metrics
from orchestrator.bootstrap.backend import LateBackend
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.health import Health
from orchestrator.runtime.orchestrator import Orchestrator


class Running:
    """As much of an orchestrator as is asked for here."""

    reader = door = "there"

    def __init__(self, found: object = None) -> None:
        self._found = found

    def health(self) -> Any:
        return Health(True, [], [], 0)

    async def wait(self, *_: object) -> object:
        return self._found


def late(found: object = None) -> tuple[LateBackend, Orchestrator]:
    """A backend, and what it will be opened with."""
    return LateBackend(Catalogue(), Metrics()), cast(Orchestrator, Running(found))


def test_before_it_has_started_it_says_why() -> None:
    backend, _ = late()
    backend.why = "no Kafka broker answers at here:1"
    health = backend.health()
    assert (health.ready, list(health.reasons)) == (False, ["no Kafka broker answers at here:1"])
    with pytest.raises(BrokerUnreachable, match="here:1"):
        _ = backend.reader


async def test_started_it_passes_everything_on() -> None:
    backend, orchestrator = late("a row")
    backend.open(orchestrator)
    assert backend.health().ready
    assert backend.door == backend.reader == "there"
    assert await backend.wait(1, "d", "k", 0.0) == "a row"


def test_stopping_it_takes_nothing_more() -> None:
    backend, orchestrator = late()
    backend.open(orchestrator)
    backend.close()
    assert not backend.health().ready
    with pytest.raises(BrokerUnreachable, match="stopping"):
        _ = backend.door
