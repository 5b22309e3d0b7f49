"""The orchestrator as the HTTP API sees it: also while it is still starting, or stopping.

The API answers before the broker does, so that `/health/ready` can say why nothing moves.
"""

import msgspec

from infra.broker.errors import BrokerUnreachable
from infra.telemetry.metrics import Metrics
from orchestrator.admin.ports import FrontDoor, Health, PartitionHealth, ServicesHealth
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.messages import Refused
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.runtime.vitals import Vitals
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow


class NotYet(msgspec.Struct, frozen=True):
    """The health of an orchestrator that is not there (yet)."""

    reasons: list[str]
    ready: bool = False
    partitions: tuple[PartitionHealth, ...] = ()


class LateBackend:
    """Passes everything on to the orchestrator once that has started.

    Until then reads and requests raise BrokerUnreachable, which the API answers with 503.
    """

    def __init__(self, catalogue: Catalogue, metrics: Metrics) -> None:
        self.catalogue = catalogue
        self.metrics = metrics
        self.services: ServicesHealth = lambda: ()
        self.why = "the orchestrator is starting"
        self._orchestrator: Orchestrator | None = None
        self._closed = False

    def open(self, orchestrator: Orchestrator) -> None:
        """It has started."""
        self._orchestrator = orchestrator

    def close(self, why: str = "the orchestrator is stopping") -> None:
        """It is about to stop; the first reason is the one that is told."""
        self._orchestrator = None
        self.why = self.why if self._closed else why
        self._closed = True

    @property
    def reader(self) -> Reader:
        """The saga log."""
        return self._there().reader

    @property
    def door(self) -> FrontDoor:
        """Where requests go."""
        return self._there().door

    async def wait(
        self, tenant: int, definition: str, key: str, timeout_s: float, /
    ) -> SagaRow | Refused | None:
        """See `Backend.wait`."""
        return await self._there().wait(tenant, definition, key, timeout_s)

    async def wait_saga(self, saga: int, timeout_s: float, /) -> SagaRow | None:
        """See `Backend.wait_saga`."""
        return await self._there().wait_saga(saga, timeout_s)

    async def wait_moved(self, saga: int, number: int, timeout_s: float, /) -> SagaRow | None:
        """See `Backend.wait_moved`."""
        return await self._there().wait_moved(saga, number, timeout_s)

    async def wait_signal(self, saga: int, signal: str, timeout_s: float, /) -> str | None:
        """See `Backend.wait_signal`."""
        return await self._there().wait_signal(saga, signal, timeout_s)

    def health(self) -> Health:
        """How it and the services of this process are doing, or why it is not there."""
        if self._orchestrator is None:
            return NotYet([self.why])
        health = self._orchestrator.health()
        troubles = [f"service {s.name}: {why}" for s in self.services() for why in s.reasons]
        reasons = [*health.reasons, *troubles]
        return msgspec.structs.replace(health, ready=not reasons, reasons=reasons)

    def vitals(self) -> Vitals | None:
        """See `Backend.vitals`."""
        return self._orchestrator and self._orchestrator.vitals()

    def _there(self) -> Orchestrator:
        if self._orchestrator is None:
            raise BrokerUnreachable(self.why)
        return self._orchestrator
