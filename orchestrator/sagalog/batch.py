"""What one transaction writes to the saga log."""

import msgspec

from orchestrator.definition.nodes import parse
from orchestrator.engine.rollouts import Rollout
from orchestrator.engine.state import State
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.records import Sealed
from orchestrator.sagalog.rows import row_of

_encode = msgspec.json.Encoder().encode


class Batch:
    """Transitions, definitions, rollouts and partition facts, of several partitions if need be.

    A saga's row is written once, as it stands after its last transition here.
    """

    def __init__(self) -> None:
        self.transitions: list[tuple[int, int, int, str, str, int]] = []
        self.states: dict[int, State] = {}
        self.definitions: list[tuple[str, str, str]] = []
        self.places: list[tuple[int, str, int]] = []
        self.rollouts: list[tuple[int, int, str, int]] = []
        self.facts: dict[int, PartitionFacts] = {}

    def __len__(self) -> int:
        """How many transitions it holds."""
        return len(self.transitions)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.transitions or self.places or self.rollouts or self.facts)

    def add(self, offset: int, sealed: Sealed, state: State) -> None:
        """A transition, its offset in its partition's log, and the state after it."""
        told = sealed.transition
        self.transitions.append((told.saga, told.number, told.at, told.input, sealed.facts, offset))
        self.states[told.saga] = state

    def define(
        self, partition: int, offset: int, version: str, definition: bytes | msgspec.Raw
    ) -> None:
        """A definition (canonical JSON) that stands at this offset; raises ValidationError."""
        body = bytes(definition)
        self.definitions.append((version, parse(body).name, body.decode()))
        self.places.append((partition, version, offset))

    def roll_out(self, partition: int, offset: int, number: int, rollout: Rollout) -> None:
        """A rollout, the ``number``-th of its partition, that stands at this offset."""
        self.rollouts.append((partition, number, _encode(rollout).decode(), offset))

    def keep(self, facts: PartitionFacts) -> None:
        """What is known of a partition after this batch."""
        self.facts[facts.partition] = facts

    def rows(self) -> list[tuple[object, ...]]:
        """The rows of the sagas."""
        return [row_of(state) for state in self.states.values()]

    def partition_rows(self) -> list[tuple[object, ...]]:
        """The rows of the partitions."""
        return [msgspec.structs.astuple(facts) for facts in self.facts.values()]
