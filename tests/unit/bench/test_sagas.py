"""The load asks by the protocol, and knows each saga's end from its business event."""

from types import SimpleNamespace
from typing import Any

import pytest

from contracts.envelope import REQUEST, START, decode
from contracts.topics import partition_of_start
from orchestrator.bench.load import BenchError
from orchestrator.bench.sagas import Sagas
from orchestrator.definition.nodes import Definition
from sagas.load import load
from sagas.order_cancellation import order_cancellation
from sagas.order_fulfillment import order_fulfillment


def work(definition: Definition = order_fulfillment.definition, failing: float = 0.0) -> Sagas:
    return Sagas(definition, lambda n, f: load(n, f).input, failing=failing, prefix="x.", run="run")


def told(kind: str, order: int) -> Any:
    return SimpleNamespace(key=str(order).encode(), value=b'{"type":"%s"}' % kind.encode())


def test_a_start_is_a_valid_request_in_its_partition() -> None:
    sagas = work()
    partition, record = sagas.request(7, 8)
    message = decode(REQUEST, record.value)
    assert (message["requestkey"], sagas.requests) == ("run-7", "x.saga.requests")
    given = START.validate_python(message["data"])
    assert given["input"]["order_id"] == 7
    assert partition == partition_of_start(1, "order-fulfillment", "run-7", 8)


def test_an_end_counts_once_and_other_events_do_not() -> None:
    sagas = work()
    sagas.request(7, 8)
    assert sagas.ended(told("OrderPlaced", 7)) is None
    assert sagas.ended(told("OrderFailed", 7)) == 7
    assert sagas.ended(told("OrderFailed", 7)) is None


@pytest.mark.parametrize("percent", [0, 10, 25, 100])
def test_as_many_fail_as_asked(percent: int) -> None:
    sagas = work(failing=percent)
    starts = [decode(REQUEST, sagas.request(n, 8).record.value) for n in range(1, 1001)]
    poor = [start for start in starts if start["data"]["input"]["user_id"] == 2]
    assert len(poor) == percent * 10


def test_a_definition_whose_end_the_load_cannot_see_is_refused() -> None:
    with pytest.raises(BenchError, match="order-cancellation must tell"):
        work(order_cancellation.definition)
