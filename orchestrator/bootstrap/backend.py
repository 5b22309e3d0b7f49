"""The orchestrator as the HTTP API sees it: also while it is still starting, or stopping.

The API answers before the broker does, so that `/health/ready` can say why nothing moves.
"""

from typing import NamedTuple

from infra.broker.errors import BrokerUnreachable
from infra.telemetry.metrics import Metrics
from orchestrator.admin.ports import FrontDoor, Health
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow


class NotYet(NamedTuple):
    """The health of an orchestrator that is not there (yet)."""

    reasons: list[str]
    ready: bool = False


class LateBackend:
    """Passes everything on to the orchestrator once there is one.

    Until then reads and requests raise BrokerUnreachable, which the API answers with 503.
    """

    def __init__(self, catalogue: Catalogue, metrics: Metrics) -> None:
        self.catalogue = catalogue
        self.metrics = metrics
        self.why = "the orchestrator is starting"
        self._backend: Orchestrator | None = None

    def open(self, backend: Orchestrator) -> None:
        """From now on there is one."""
        self._backend = backend

    def close(self) -> None:
        """It is about to stop."""
        self._backend = None
        self.why = "the orchestrator is stopping"

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
    ) -> SagaRow | None:
        """See `Backend.wait`."""
        return await self._there().wait(tenant, definition, key, timeout_s)

    async def wait_saga(self, saga: int, timeout_s: float, /) -> SagaRow | None:
        """See `Backend.wait_saga`."""
        return await self._there().wait_saga(saga, timeout_s)

    def health(self) -> Health:
        """How it is doing, or why it is not there."""
        return NotYet([self.why]) if self._backend is None else self._backend.health()

    def _there(self) -> Orchestrator:
        if self._backend is None:
            raise BrokerUnreachable(self.why)
        return self._backend
