"""Two files are the same row for row, or it is said where they are not."""

from pathlib import Path

import pytest

from contracts.topics import saga_id
from orchestrator.definition.nodes import canonical
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import batch_of, failing_facts, order_states
from tests.integration.sagalog.topic import DEFINITION, VERSION

STATUSES = ("compensating", "completed", "running")


@pytest.fixture
def other(tmp_path: Path):
    with SagaLog.open(tmp_path / "other.db") as opened:
        yield opened


def test_offsets_epochs_and_marks_are_no_difference(log: SagaLog, other: SagaLog):
    for store, first in ((log, 0), (other, 40)):
        batch = batch_of(order_states(saga_id(1, 0)), first_offset=first)
        batch.define(0, first + 20, VERSION, canonical(DEFINITION))
        batch.keep(PartitionFacts(0, "log", f"epoch-{first}", first, first, first, first))
        store.commit(batch)
    assert not differences(log.file, other.file)


def test_every_difference_is_found_and_named(log: SagaLog, other: SagaLog):
    one, two, three, four = (order_states(saga_id(n, 0)) for n in range(1, 5))
    changed = order_states(saga_id(2, 0), facts=failing_facts)[:5]
    log.commit(batch_of(one, two, three))
    other.commit(batch_of(one[:4], changed, four))
    batch = Batch()
    batch.define(0, 1, VERSION, canonical(DEFINITION))
    other.commit(batch)
    found = differences(log.file, other.file, limit=100)
    places = [line.split(":")[0] for line in found]
    assert places == [
        f"definitions ('{VERSION}',)",
        *(f"sagas ({saga_id(n, 0)},)" for n in (1, 2, 3, 4)),
        f"transitions ({saga_id(1, 0)}, 5)",
        *(f"transitions ({saga_id(2, 0)}, {n})" for n in (3, 4, 5)),
        *(f"transitions ({saga_id(3, 0)}, {n})" for n in range(1, 6)),
        *(f"transitions ({saga_id(4, 0)}, {n})" for n in range(1, 6)),
        *(f"tallies (1, 'order-fulfillment', '{status}')" for status in STATUSES),
    ]
    assert found[0].endswith("only in the second")
    assert found[3].endswith("only in the first")
    assert "completed" in found[2]
    assert "compensating" in found[2]
    assert len(differences(log.file, other.file, limit=3)) == 3
