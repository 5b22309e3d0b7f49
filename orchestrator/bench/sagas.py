"""Real sagas as work for the load: published starts, ended by the business events of their
outcome.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from contracts.envelope import HEADERS
from contracts.topics import DEFAULT_TENANT, REQUESTS, partition_of_start
from infra.broker.types import ConsumedRecord, Record
from orchestrator.bench.load import Addressed, BenchError
from orchestrator.definition.nodes import Definition

Inputs = Callable[[int, bool], Mapping[str, object]]
"""The input of the n-th saga, and whether it is to fail."""


class _Event(msgspec.Struct, gc=False):
    type: str
    saga: str = ""


_TYPE_OF: Final = msgspec.json.Decoder(_Event).decode


class Sagas:
    """One definition under load (see load.Work); ``failing`` percent of its sagas are to fail."""

    def __init__(
        self, definition: Definition, inputs: Inputs, *, failing: float, prefix: str, run: str
    ) -> None:
        ends = [*definition.completed, *definition.failed]
        if len({(end.topic, end.key) for end in ends}) != 1 or not ends[0].key.startswith("input."):
            raise BenchError(
                f"{definition.name} must tell every outcome on one topic, keyed by its input"
            )
        self.requests = prefix + REQUESTS
        self.outcomes = prefix + ends[0].topic
        self._definition, self._inputs, self._failing, self._run = definition, inputs, failing, run
        self._key = ends[0].key.removeprefix("input.")
        self._ends = {end.event for end in ends}
        self._numbers: dict[bytes, int] = {}

    def request(self, number: int, partitions: int) -> Addressed:
        """A start under a request key of its own."""
        fails = self._failing > 0 and number * self._failing % 100 < self._failing
        given = self._inputs(number, fails)
        self._numbers[str(given[self._key]).encode()] = number
        key = f"{self._run}-{number}"
        name = self._definition.name
        message: dict[str, Any] = {
            "specversion": "1.0",
            "id": key,
            "source": "saga-bench",
            "type": "saga.start",
            "tenant": str(DEFAULT_TENANT),
            "requestkey": key,
            "data": {"definition": name, "input": given},
        }
        partition = partition_of_start(DEFAULT_TENANT, name, key, partitions)
        return Addressed(partition, Record(key.encode(), msgspec.json.encode(message), HEADERS))

    def ended(self, record: ConsumedRecord) -> int | None:
        """The outcome's event is keyed as its saga's input."""
        if _TYPE_OF(record.value or b"").type not in self._ends:
            return None
        return self._numbers.pop(record.key or b"", None)
