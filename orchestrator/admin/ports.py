"""What the admin needs of the rest of the orchestrator, and nothing more.

The runtime's ``Orchestrator`` satisfies ``Backend``; tests put one together in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from infra.telemetry.metrics import Metrics
from orchestrator.definition.catalogue import Catalogue
from orchestrator.runtime.messages import Refused
from orchestrator.runtime.vitals import Vitals
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow

Action = Literal["retry", "skip", "resume"]


class PartitionHealth(Protocol):
    """One partition, as this process stands to it."""

    @property
    def partition(self) -> int:
        """Its number."""
        ...

    @property
    def role(self) -> str:
        """``owner``, or something else."""
        ...

    @property
    def lag(self) -> int:
        """Inputs that are not decided yet."""
        ...


class Health(Protocol):
    """Whether this process makes progress, and if not, why."""

    @property
    def ready(self) -> bool:
        """Whether it does."""
        ...

    @property
    def reasons(self) -> Sequence[str]:
        """Why not; empty when ready."""
        ...

    @property
    def partitions(self) -> Sequence[PartitionHealth]:
        """Every partition of the log."""
        ...


class ServiceHealth(Protocol):
    """How one service of this process fares; ``counts``: what became of its messages, by name."""

    @property
    def name(self) -> str: ...
    @property
    def ready(self) -> bool: ...
    @property
    def reasons(self) -> Sequence[str]: ...
    @property
    def lag(self) -> int: ...
    @property
    def counts(self) -> Mapping[str, int]: ...


ServicesHealth = Callable[[], Sequence[ServiceHealth]]
"""How the services of this process fare now; none where it runs none."""


class FrontDoor(Protocol):
    """Publishes requests; returns once the broker has acknowledged them (law 10)."""

    async def start(
        self,
        definition: str,
        key: str,
        given: dict[str, Any],
        tenant: int,
        /,
        *,
        traceparent: str | None = None,
    ) -> None:
        """Ask for a saga; ``traceparent`` (W3C) is the trace it belongs to."""
        ...

    async def signal(
        self,
        saga: int,
        signal: str,
        reason: str,
        by: str,
        tenant: int,
        /,
        *,
        request: str,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Tell a saga something, such as ``cancel``; the same ``request`` is the same signal.

        ``data`` are the fields of the signal's contract.
        """
        ...

    @property
    def partitions(self) -> int:
        """How many partitions requests have."""
        ...

    async def move(
        self,
        saga: int,
        version: str,
        reason: str,
        by: str,
        tenant: int,
        /,
        *,
        request: str,
    ) -> None:
        """Ask for a saga to go on by another version; the same ``request`` is the same move."""
        ...

    async def define(self, definition: dict[str, Any], tenant: int, /, *, request: str) -> None:
        """Have every partition know a definition."""
        ...

    async def roll_out(self, rule: Mapping[str, Any], tenant: int, /, *, request: str) -> None:
        """Tell every partition which version new sagas get; the same ``request`` is the same."""
        ...

    async def repair(
        self,
        saga: int,
        action: Action,
        reason: str,
        by: str,
        step: str,
        tenant: int,
        /,
        *,
        request: str,
    ) -> None:
        """Ask for a repair; ``step`` may be empty, the same ``request`` is the same repair."""
        ...


class Backend(Protocol):
    """A running orchestrator, as its admin sees it."""

    @property
    def reader(self) -> Reader:
        """The saga log, to read."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """The definitions this process knows."""
        ...

    @property
    def door(self) -> FrontDoor:
        """Where requests go."""
        ...

    @property
    def metrics(self) -> Metrics:
        """What is counted."""
        ...

    async def wait(
        self, tenant: int, definition: str, key: str, timeout_s: float, /
    ) -> SagaRow | Refused | None:
        """The saga of this request key as soon as it is in the log, or why its owner refused it;
        None when neither is known in time.
        """
        ...

    async def wait_saga(self, saga: int, timeout_s: float, /) -> SagaRow | None:
        """The saga as soon as it has ended or stands still, else as it is when time is over."""
        ...

    async def wait_moved(self, saga: int, number: int, timeout_s: float, /) -> SagaRow | None:
        """The saga as soon as it has more than ``number`` transitions, else as it is when time is
        over.
        """
        ...

    async def wait_signal(self, saga: int, signal: str, timeout_s: float, /) -> str | None:
        """Why the saga refused this signal, empty where it applied; None when that is not known
        in time.
        """
        ...

    def health(self) -> Health:
        """How this process is doing."""
        ...

    def vitals(self) -> Vitals | None:
        """What its components measure now; None while there is no orchestrator (yet)."""
        ...
