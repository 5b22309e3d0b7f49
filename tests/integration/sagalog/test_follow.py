"""Following: a file written from the topic says the same as its owner's, however it was read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.topics import saga_id
from orchestrator.engine.evolve import evolve
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.errors import (
    ForeignLog,
    LogConflict,
    LogGap,
    LogWriteFailed,
    UnreadableRecord,
)
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.lookups import SQL
from orchestrator.sagalog.records import Claim, TransitionRecord, encode_record, seal
from orchestrator.sagalog.rows import row_of
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import (
    failing_facts,
    limit_pages,
    order_states,
    pages_of,
    stuck_facts,
)
from tests.integration.sagalog.topic import VERSION, Owner, Topic

P = 3
FACTS = [failing_facts, stuck_facts]


@pytest.fixture
def topic(log: SagaLog) -> Topic:
    """Two owners after each other, a straggler and junk in between, sagas interleaved."""
    topic = Topic(P)
    first = Owner(topic, log, "epoch-1")
    first.define()
    sagas = [
        order_states(saga_id(n, P), facts=FACTS[n % 2]) if n % 3 else order_states(saga_id(n, P))
        for n in range(1, 10)
    ]
    first.tell([one for saga in sagas for one in saga[:1]])
    second = Owner(topic, log, "epoch-2")
    second.straggle(order_states(saga_id(99, P))[0], "epoch-1", 10)
    second.tell([one for saga in sagas for one in saga[1:3]])
    topic.values += [b"junk", None]
    second.fold.next_offset = len(topic.values)
    second.straggle(order_states(saga_id(99, P))[0], "epoch-2", 77)
    second.tell([one for saga in sagas for one in saga[3:]])
    return topic


@pytest.fixture
def other(tmp_path: Path):
    with SagaLog.open(tmp_path / "other.db") as opened:
        yield opened


def rows_fit_their_folds(log: SagaLog) -> bool:
    """Every row of a saga is what its transitions fold to."""
    with closing(sqlite3.connect(log.file)) as other:
        rows = other.execute(SQL["compare_sagas"]).fetchall()
    assert rows
    for row in rows:
        state = None
        for transition in log.load(row[0]):
            state = evolve(state, transition)
        assert row_of(state) == row
    return True


def test_a_follower_holds_the_same_rows(log, other, topic: Topic, file: Path):
    applied = Follower(other).apply(P, topic.records())
    assert [why for _, why in applied.skipped] == [
        "of epoch epoch-1, and epoch-2 is current",
        "unreadable record of the log: JSON is malformed: invalid character (byte 0)",
        "a record of the log is empty (a Kafka tombstone)",
        "number 77 of its epoch, and 15 was to come",
    ]
    assert applied.transitions == len(list(log.suffix(P, 0))) - 1
    assert not differences(file, other.file)
    assert rows_fit_their_folds(other)
    assert other.partition_facts(P) == log.partition_facts(P)
    assert other.versions(P) == {VERSION}
    assert applied.sagas == {saga_id(n, P) for n in range(1, 10)}
    assert other.saga(saga_id(99, P)) is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 60), max_size=6), states=st.integers(0, 3), new=st.booleans())
def test_however_it_is_cut_and_however_little_it_remembers(
    log, topic, tmp_path_factory, cuts, states, new
):
    """Batches of any size, states thrown away, a new process after each batch."""
    other = SagaLog.open(tmp_path_factory.mktemp("other") / "saga.db")
    follower = Follower(other, states=states)
    done = 0
    for cut in [*sorted(cuts), len(topic.values)]:
        follower.apply(P, topic.records()[done:cut])
        done = max(done, cut)
        if new:
            follower = Follower(other, states=states)
            done = follower.fold(P).facts.offset + 1
    assert not differences(log.file, other.file)
    assert list(other.suffix(P, 0)) == list(log.suffix(P, 0))
    other.close()


def test_what_went_wrong_leaves_file_and_position(log, other, topic: Topic):
    follower = Follower(other)
    follower.apply(P, topic.records()[:8])
    facts = other.partition_facts(P)
    foreign = [*topic.records()[8:10], (10, encode_record(Claim("another-log", "e", 1, "x")))]
    with pytest.raises(ForeignLog):
        follower.apply(P, foreign)
    with pytest.raises(LogGap):
        follower.apply(P, topic.records()[9:])
    with pytest.raises(UnreadableRecord):
        follower.apply(P, [(8, b'{"type":"claim","epoch":"e","newer":"than we are"}')])
    assert other.partition_facts(P) == facts
    assert follower.fold(P).facts == facts
    follower.apply(P, topic.records()[8:])
    assert not differences(log.file, other.file)


def test_a_full_disk_while_following_loses_nothing(log, other, topic: Topic):
    follower = Follower(other)
    limit_pages(other, pages_of(other) + 1)
    with pytest.raises(LogWriteFailed):
        follower.apply(P, topic.records())
    assert other.partition_facts(P) is None
    limit_pages(other, 100_000)
    follower.apply(P, topic.records())
    assert not differences(log.file, other.file)


def test_a_transition_without_the_one_before_it_is_a_gap(other):
    topic = Topic(P)
    topic.append(Claim("log-1", "e", 1, "x"))
    transition, _ = order_states(saga_id(1, P))[1]
    topic.append(TransitionRecord("e", 0, -1, seal(transition)))
    with pytest.raises(LogGap, match="missing"):
        Follower(other).apply(P, topic.records())
    assert other.partition_facts(P) is None


@pytest.mark.parametrize(("together", "states"), [(1_000, 10), (1, 10), (1, 0)])
def test_a_topic_made_anew_is_read_again_and_what_it_lacks_is_left_over(
    log, other, topic: Topic, together: int, states: int
):
    """Law 14, seen by a process that only follows: the owner fills the topic again."""
    follower = Follower(other, states=states)
    follower.apply(P, topic.records())
    told = [held.sealed.transition for held in other.suffix(P, 0) if hasattr(held, "sealed")]

    anew = Topic(P)
    follower.restart(P)
    anew.append(Claim("log-1", "epoch-3", 9, "x"))
    for seq, transition in enumerate(told[:-2]):
        anew.append(TransitionRecord("epoch-3", seq, -1, seal(transition)))
    for first in range(0, len(anew.values), together):
        follower.apply(P, anew.records()[first : first + together])
    assert not differences(log.file, other.file)
    offsets = [held.offset for held in other.suffix(P, 0)]
    assert offsets == list(range(1, len(told) - 1))
    left = [held.sealed.transition for held in other.displaced(P) if hasattr(held, "sealed")]
    assert left == told[-2:]
    assert other.partition_facts(P) == PartitionFacts(
        P, "log-1", "epoch-3", len(told) - 2, len(told) - 2, -1, told[-3].at
    )


def test_a_topic_made_anew_that_says_something_else_is_a_conflict(other, topic: Topic):
    follower = Follower(other)
    follower.apply(P, topic.records())
    follower.restart(P)
    anew = Topic(P)
    anew.append(Claim("log-1", "epoch-3", 9, "x"))
    anew.append(TransitionRecord("epoch-3", 0, -1, seal(order_states(saga_id(1, P), at=77)[0][0])))
    with pytest.raises(LogConflict, match=f"saga {saga_id(1, P)}"):
        follower.apply(P, anew.records())


def test_a_follower_that_hands_over_begins_again_from_the_file(log, other, topic: Topic):
    follower = Follower(other)
    follower.apply(P, topic.records()[:5])
    follower.forget(P)
    assert follower.fold(P).facts == other.partition_facts(P)
    follower.apply(P, topic.records()[5:])
    assert not differences(log.file, other.file)


def test_nothing_new_is_no_commit(other):
    follower = Follower(other)
    assert follower.apply(P, []) == (0, [], set())
    assert other.partition_facts(P) is None
