"""What the desks of all partitions share: the definitions, and what the file says."""

from typing import NamedTuple, Protocol

from infra.broker.settings import BrokerSettings
from infra.telemetry import Spans
from orchestrator.engine.facts import Transition
from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.state import State
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.states import Shelf
from orchestrator.sagalog.rows import SagaRow


class Book(Protocol):
    """What the desk reads of the file (``orchestrator.sagalog.store.SagaLog``)."""

    def state(self, saga: int) -> State | None: ...
    def by_key(self, tenant: int, definition: str, key: str) -> SagaRow | None: ...
    def load(self, saga: int) -> list[Transition]: ...
    def last_sequence(self, partition: int) -> int: ...
    def versions(self, partition: int) -> set[str]: ...
    def definition(self, version: str) -> bytes | None: ...
    def rollouts(self, partition: int) -> list[Rollout]: ...


class Office(NamedTuple):
    """What the desks of all partitions share."""

    broker: BrokerSettings
    partitions: int
    plans: Plans
    book: Book
    shelf: Shelf
    spans: Spans | None = None
