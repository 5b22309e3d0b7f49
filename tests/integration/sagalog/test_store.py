"""The writer: what was committed is there, whole, and what does not fit is refused."""

from pathlib import Path

import msgspec
import pytest

from contracts.topics import saga_id
from orchestrator.definition.nodes import Definition, canonical, version
from orchestrator.engine.facts import Completed
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.errors import LogConflict, LogWriteFailed
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.rows import HeldDefinition, HeldTransition, SagaRow
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import (
    DAY,
    batch_of,
    failing_facts,
    limit_pages,
    order_states,
    pages_of,
    stuck_facts,
)

DEFINITION = Definition("order-fulfillment", {"type": "object"}, ())
BODY = canonical(DEFINITION)
VERSION = version(DEFINITION)


def test_what_was_committed_is_there_after_reopening(log: SagaLog, file: Path):
    saga = order_states(saga_id(1, 3))
    batch = batch_of(saga, first_offset=1)
    facts = PartitionFacts(3, "log", "epoch", 6, 5, 2, DAY)
    batch.keep(facts)
    batch.define(3, 0, VERSION, BODY)
    log.commit(batch)
    log.close()
    with SagaLog.open(file) as again:
        assert again.load(saga_id(1, 3)) == [transition for transition, _ in saga]
        assert again.state(saga_id(1, 3)) == saga[-1][1]
        assert again.partition_facts(3) == facts
        assert again.partitions() == [facts]
        assert again.definition(VERSION) == BODY
        assert again.definitions() == [(VERSION, "order-fulfillment", BODY.decode())]
        assert again.versions(3) == {VERSION}


def test_the_row_is_the_state_after_the_last_transition(log: SagaLog):
    saga = order_states(saga_id(1, 3), facts=failing_facts, tenant=7, key="mine")
    for number, (transition, state) in enumerate(saga):
        batch = Batch()
        batch.add(number, seal(transition), state)
        log.commit(batch)
        assert log.saga(saga_id(1, 3)) == SagaRow(
            saga_id(1, 3),
            3,
            7,
            "order-fulfillment",
            "0123456789abcdef",
            "mine",
            state.status,
            number + 1,
            state.wake_at or None,
            DAY + 1,
            DAY + number + 1,
            state.code,
            state.reason,
        )
    assert log.by_key(7, "order-fulfillment", "mine") == log.saga(saga_id(1, 3))


def test_a_batch_of_several_partitions(log: SagaLog):
    batch = batch_of(order_states(saga_id(1, 0)), order_states(saga_id(1, 1)))
    batch.keep(PartitionFacts(0, "log", "a", 5, 5))
    batch.keep(PartitionFacts(1, "log", "b", 5, 9))
    log.commit(batch)
    assert [facts.epoch for facts in log.partitions()] == ["a", "b"]
    assert log.partition_facts(2) is None


def test_the_same_again_changes_nothing_but_the_offset(log: SagaLog):
    saga = order_states(saga_id(1, 0))
    log.commit(batch_of(saga, first_offset=10))
    row = log.saga(saga_id(1, 0))
    log.commit(batch_of(saga[:2], first_offset=3))
    assert log.saga(saga_id(1, 0)) == row
    assert [held.offset for held in log.suffix(0, 0)] == [3, 4, 12, 13, 14]
    assert log.load(saga_id(1, 0)) == [transition for transition, _ in saga]


@pytest.mark.parametrize("change", ["at", "input", "facts"])
def test_another_transition_under_the_same_number_is_a_conflict(log: SagaLog, change: str):
    saga = order_states(saga_id(1, 0))
    log.commit(batch_of(saga))
    value = {"at": 1, "input": "other", "facts": (Completed(),)}[change]
    other = msgspec.structs.replace(saga[1][0], **{change: value})
    batch = batch_of(order_states(saga_id(2, 0)))
    batch.add(99, seal(other), saga[1][1])
    with pytest.raises(LogConflict, match=f"saga {saga_id(1, 0)} has another transition 2"):
        log.commit(batch)
    assert log.load(saga_id(1, 0)) == [transition for transition, _ in saga]
    assert log.saga(saga_id(2, 0)) is None
    log.commit(batch_of(order_states(saga_id(2, 0))))


def test_one_request_key_is_one_saga(log: SagaLog):
    log.commit(batch_of(order_states(saga_id(1, 0), key="k")))
    with pytest.raises(LogConflict, match="UNIQUE"):
        log.commit(batch_of(order_states(saga_id(2, 0), key="k")))
    log.commit(batch_of(order_states(saga_id(3, 0), key="k", tenant=2)))
    assert log.saga(saga_id(2, 0)) is None
    assert log.load(saga_id(2, 0)) == []


def test_a_version_is_one_definition(log: SagaLog):
    def define(body: bytes, partition: int) -> Batch:
        batch = Batch()
        batch.define(partition, 1, "v", body)
        return batch

    log.commit(define(BODY, 0))
    log.commit(define(BODY, 1))
    assert log.versions(1) == {"v"}
    with pytest.raises(LogConflict):
        log.commit(define(canonical(Definition("other", {}, ())), 2))
    assert log.versions(2) == set()
    assert log.definition("v") == BODY
    assert log.definition("w") is None


def test_the_disk_is_full(log: SagaLog):
    log.commit(batch_of(order_states(saga_id(1, 0))))
    limit_pages(log, pages_of(log) + 2)
    many = [order_states(saga_id(n, 0)) for n in range(2, 200)]
    batch = batch_of(*many, first_offset=5)
    batch.keep(PartitionFacts(0, "log", "e", 9, 9))
    with pytest.raises(LogWriteFailed, match="full"):
        log.commit(batch)
    assert log.last_sequence(0) == 1
    assert log.partition_facts(0) is None
    assert len(list(log.suffix(0, 0))) == 5
    limit_pages(log, 1_000_000)
    log.commit(batch)
    assert log.last_sequence(0) == 199


def test_what_is_due_and_when_next(log: SagaLog):
    for n in range(1, 6):
        log.commit(batch_of(order_states(saga_id(n, n % 2), at=n * 1_000)[:2]))
    log.commit(batch_of(order_states(saga_id(9, 1))))
    assert log.due(1, 8_001, 10) == [(saga_id(1, 1), 6_000), (saga_id(3, 1), 8_000)]
    assert log.due(1, 8_001, 1) == [(saga_id(1, 1), 6_000)]
    assert not log.due(1, 5_999, 10)
    assert log.next_wake(0) == 7_000
    assert log.next_wake(5) is None


def test_open_sagas_are_those_that_wait_for_time_or_a_person(log: SagaLog):
    log.commit(batch_of(order_states(saga_id(1, 0))))
    log.commit(batch_of(order_states(saga_id(2, 0))[:3]))
    log.commit(batch_of(order_states(saga_id(3, 0), facts=stuck_facts)))
    log.commit(batch_of(order_states(saga_id(4, 1))[:1]))
    found = list(log.open_sagas(0))
    assert [(row.id, row.status) for row in found] == [
        (saga_id(2, 0), "running"),
        (saga_id(3, 0), "needs_operator"),
    ]
    assert found[1].wake_at is None


def test_commits_go_on_while_open_sagas_are_walked(log: SagaLog):
    sagas = {n: order_states(saga_id(n, 0)) for n in range(1, 6)}
    log.commit(batch_of(*(saga[:2] for saga in sagas.values())))
    seen = []
    for row in log.open_sagas(0):
        seen.append(row.id >> 10)
        if len(seen) == 2:
            log.commit(batch_of(sagas[4]))
    assert seen == [1, 2, 3, 5]


def test_sequences_are_counted_by_partition(log: SagaLog):
    assert log.last_sequence(0) == 0
    log.commit(batch_of(order_states(saga_id(41, 0)), order_states(saga_id(7, 1))))
    assert (log.last_sequence(0), log.last_sequence(1), log.last_sequence(2)) == (41, 7, 0)


def test_the_suffix_comes_in_the_order_of_the_log(log: SagaLog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("orchestrator.sagalog.store.PAGE", 2)
    first, second = order_states(saga_id(1, 0)), order_states(saga_id(2, 0))
    mixed = [one for pair in zip(first, second, strict=True) for one in pair]
    batch = batch_of(mixed, order_states(saga_id(1, 1)), first_offset=2)
    batch.define(0, 1, VERSION, BODY)
    log.commit(batch)
    late = Batch()
    late.define(0, 12, "later", BODY)
    log.commit(late)
    held = list(log.suffix(0, 0))
    assert [one.offset for one in held] == list(range(1, 13))
    assert held[0] == HeldDefinition(1, VERSION, BODY)
    assert held[1:11] == [
        HeldTransition(offset, seal(transition))
        for offset, (transition, _) in enumerate(mixed, start=2)
    ]
    assert list(log.suffix(0, 9)) == held[8:]
    assert not list(log.suffix(0, 13))


def test_filling_the_topic_again_can_stop_and_go_on(log: SagaLog, file: Path, monkeypatch):
    """Law 14: displaced, appended again, with a crash and a second loss in between."""
    monkeypatch.setattr("orchestrator.sagalog.store.PAGE", 2)
    first, second = order_states(saga_id(1, 0)), order_states(saga_id(2, 0))
    everything = [one for pair in zip(first, second, strict=True) for one in pair]
    batch = batch_of(everything, first_offset=100)
    batch.define(0, 99, VERSION, BODY)
    log.commit(batch)
    expected = [transition for transition, _ in everything]
    ends = {told[-1][1].saga: told[-1][1] for told in (first, second)}

    def left(store: SagaLog) -> list:
        return [held.sealed.transition for held in store.displaced(0) if _moves(held)]

    def refill(store: SagaLog, offset: int, count: int) -> None:
        for held, _ in zip(store.displaced(0), range(count), strict=False):
            again = Batch()
            if isinstance(held, HeldTransition):
                again.add(offset, held.sealed, ends[held.sealed.transition.saga])
            else:
                again.define(0, offset, held.version, held.definition)
            store.commit(again)
            offset += 1

    log.displace(0, 103)
    assert left(log) == expected[3:]
    assert log.versions(0) == {VERSION}
    assert [held.offset for held in log.suffix(0, 0)] == [99, 100, 101, 102]
    refill(log, 104, 3)
    log.close()
    with SagaLog.open(file) as again:
        assert left(again) == expected[6:]
        again.displace(0, 0)
        assert left(again) == expected
        assert again.versions(0) == set()
        refill(again, 1, 100)
        assert left(again) == []
        held = list(again.suffix(0, 0))
        assert [one.offset for one in held] == list(range(1, 12))
        assert [one.sealed.transition for one in held if _moves(one)] == expected
        assert again.versions(0) == {VERSION}


def _moves(held: object) -> bool:
    return isinstance(held, HeldTransition)


def test_a_forgotten_partition_leaves_nothing_and_the_others_alone(log: SagaLog):
    for partition in (0, 1):
        batch = batch_of(order_states(saga_id(1, partition)))
        batch.define(partition, 9, VERSION, BODY)
        batch.keep(PartitionFacts(partition, "log", "e", 1, 9))
        log.commit(batch)
    log.forget(0)
    assert log.saga(saga_id(1, 0)) is None
    assert log.load(saga_id(1, 0)) == []
    assert log.versions(0) == set()
    assert log.partition_facts(0) is None
    assert len(log.load(saga_id(1, 1))) == 5
    assert log.versions(1) == {VERSION}


def test_an_empty_batch_is_nothing(log: SagaLog):
    assert not Batch()
    log.commit(Batch())
    batch = Batch()
    batch.keep(PartitionFacts(0))
    assert batch
