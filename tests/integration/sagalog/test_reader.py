"""Reading beside the writer: pages, tenants, and nothing but reading."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.topics import saga_id
from infra.datastore import DatabaseNotOpened
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Started, Transition
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.errors import LogReadFailed
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import (
    batch_of,
    failing_facts,
    order_states,
    stuck_facts,
)


@pytest.fixture
def reader(log: SagaLog) -> Iterator[Reader]:
    with Reader.open(log.file) as opened:
        yield opened


def ids(rows) -> list[int]:
    return [row.id >> 10 for row in rows]


@pytest.fixture
def sagas(log: SagaLog) -> None:
    """1 to 4 of tenant 1: completed, running, needs_operator, failed. 5 of tenant 2: running."""
    log.commit(batch_of(order_states(saga_id(1, 0), at=1_000)))
    log.commit(batch_of(order_states(saga_id(2, 0), at=3_000)[:2]))
    log.commit(batch_of(order_states(saga_id(3, 0), at=2_000, facts=stuck_facts)))
    log.commit(batch_of(order_states(saga_id(4, 0), at=4_000, facts=failing_facts)))
    log.commit(batch_of(order_states(saga_id(5, 0), at=5_000, tenant=2, key="order-2048")[:1]))


@pytest.mark.usefixtures("sagas")
def test_it_sees_what_was_committed_as_soon_as_it_was(log: SagaLog, reader: Reader):
    assert reader.saga(saga_id(6, 0)) is None
    log.commit(batch_of(order_states(saga_id(6, 0))))
    assert reader.saga(saga_id(6, 0)) == log.saga(saga_id(6, 0))
    assert reader.history(saga_id(6, 0)) == log.load(saga_id(6, 0))
    assert reader.state(saga_id(6, 0)) == log.state(saga_id(6, 0))
    assert reader.state(saga_id(7, 0)) is None


@pytest.mark.usefixtures("sagas")
def test_lists_newest_first_with_filters(reader: Reader):
    assert ids(reader.list(1)) == [4, 3, 2, 1]
    assert ids(reader.list(1, status="failed")) == [4]
    assert ids(reader.list(1, status="compensating")) == []
    assert ids(reader.list(1, definition="order-fulfillment", status="running")) == [2]
    assert ids(reader.list(1, definition="another")) == []
    assert ids(reader.list(1, after=saga_id(3, 0))) == [2, 1]
    assert ids(reader.list(1, limit=2)) == [4, 3]


@pytest.mark.usefixtures("sagas")
def test_nothing_crosses_a_tenant(reader: Reader):
    mine, theirs = saga_id(2, 0), saga_id(5, 0)
    assert ids(reader.list(2)) == [5]
    assert ids(reader.list(3)) == []
    assert reader.saga(theirs, tenant=1) is None
    assert reader.saga(theirs, tenant=2) is not None
    assert reader.history(theirs, tenant=1) == []
    assert len(reader.history(theirs, tenant=2)) == 1
    # The same request key is another saga for another tenant.
    assert reader.by_key(1, "order-fulfillment", "order-2048").id == mine
    assert reader.by_key(2, "order-fulfillment", "order-2048").id == theirs
    assert reader.by_key(3, "order-fulfillment", "order-2048") is None
    assert reader.counts(2) == {"running": 1}
    assert reader.counts(3) == {}
    assert ids(reader.stalest(tenant=2)) == [5]


@pytest.mark.usefixtures("sagas")
def test_counts_and_what_has_not_moved_longest(reader: Reader):
    assert reader.counts() == {"completed": 1, "running": 2, "needs_operator": 1, "failed": 1}
    assert reader.counts(1) == {"completed": 1, "running": 1, "needs_operator": 1, "failed": 1}
    assert ids(reader.stalest()) == [3, 2, 5]
    assert ids(reader.stalest(limit=1)) == [3]


@pytest.mark.usefixtures("sagas")
def test_what_has_not_moved_longest_of_a_state_or_a_definition(reader: Reader):
    assert ids(reader.stalest(tenant=1)) == [3, 2]
    assert ids(reader.stalest(tenant=1, status="running")) == [2]
    assert ids(reader.stalest(tenant=1, status="completed")) == []
    assert ids(reader.stalest(tenant=1, definition="order-fulfillment")) == [3, 2]
    assert ids(reader.stalest(tenant=1, definition="another")) == []


@pytest.mark.usefixtures("sagas")
def test_sagas_are_found_by_how_their_key_begins(log: SagaLog, reader: Reader):
    kind = "order-fulfillment"
    assert ids(reader.with_key(1, kind, "order-")) == [1, 2, 3, 4]
    assert ids(reader.with_key(1, kind, "order-2048")) == [2]
    assert ids(reader.with_key(2, kind, "order-")) == [5]
    assert ids(reader.with_key(1, kind, "order-", limit=2)) == [1, 2]
    assert ids(reader.with_key(1, kind, "%")) == []
    assert ids(reader.with_key(1, "another", "order-")) == []
    for number, key in ((8, "\U0010fffe"), (9, "é")):
        log.commit(batch_of(order_states(saga_id(number, 0), key=key)))
    assert ids(reader.with_key(1, kind, "\U0010fffe")) == [8]
    assert ids(reader.with_key(1, kind, "é")) == [9]
    assert len(reader.with_key(1, kind, "")) == 6


@pytest.mark.usefixtures("sagas")
def test_an_open_saga_that_nothing_will_move_is_found(log: SagaLog, reader: Reader):
    assert not reader.wakeless()
    started = Transition(saga_id(9, 0), 1, 1, "i", (Started("d", "v", 1, "k", {}),))
    batch = Batch()
    batch.add(99, seal(started), evolve(None, started))
    log.commit(batch)
    assert ids(reader.wakeless()) == [9]


def test_pages_are_stable_while_sagas_come_in(log: SagaLog, reader: Reader):
    log.commit(batch_of(*(order_states(saga_id(n, n % 4))[:1] for n in range(1, 41))))
    seen, after = [], None
    while page := reader.list(1, after=after, limit=7):
        seen += ids(page)
        after = page[-1].id
        new = 100 + len(seen)
        log.commit(batch_of(order_states(saga_id(new, 0))))
        # One that is in a later page changes its status, and stays where it is.
        log.commit(batch_of(order_states(saga_id(3, 3))))
    assert seen == list(range(40, 0, -1))


def test_several_threads_may_ask_while_the_writer_writes(log: SagaLog, reader: Reader):
    log.commit(batch_of(order_states(saga_id(1, 0))))
    wrong: list[object] = []

    def ask() -> None:
        try:
            for _ in range(200):
                if len(reader.history(saga_id(1, 0))) != 5 or not reader.list(1):
                    wrong.append("a half answer")
        except Exception as error:  # pylint: disable=broad-exception-caught
            wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(2, 50):
        log.commit(batch_of(order_states(saga_id(n, 0))))
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_reader_makes_no_file(tmp_path: Path):
    with pytest.raises(DatabaseNotOpened, match=r"saga\.db"):
        Reader.open(tmp_path / "saga.db")


def test_a_file_that_cannot_be_read_says_so(reader: Reader):
    reader.close()
    reader.close()
    with pytest.raises(LogReadFailed, match="closed"):
        reader.counts()
