"""The reading rule of law 9: against its small model, and for logs as owners make them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definition.nodes import Definition
from orchestrator.engine.facts import Completed, Transition
from orchestrator.sagalog.errors import ForeignLog, LogGap, UnreadableRecord
from orchestrator.sagalog.fold import LogFold, PartitionFacts
from orchestrator.sagalog.records import (
    Claim,
    DefinitionRecord,
    LogRecord,
    TransitionRecord,
    seal,
)

EPOCHS = "ABC"
SEALED = seal(Transition(1, 1, 50, "i", (Completed(),)))
DEFINITION = Definition("d", {}, ())


def claim(epoch: str, log: str = "L") -> Claim:
    return Claim(log, epoch, 40, "someone")


def transition(epoch: str, seq: int, sent: int = -1) -> TransitionRecord:
    return TransitionRecord(epoch, seq, sent, SEALED)


RECORDS = st.one_of(
    st.builds(claim, st.sampled_from(EPOCHS)),
    st.builds(transition, st.sampled_from(EPOCHS), st.integers(0, 3), st.integers(-1, 9)),
    st.builds(
        lambda epoch, seq: DefinitionRecord.of(epoch, seq, "v", DEFINITION),
        st.sampled_from(EPOCHS),
        st.integers(0, 3),
    ),
)
LOGS = st.lists(RECORDS, max_size=25)


def model(log: list[LogRecord]) -> list[int]:
    """protocol/fencing.py, ``fold``: the offsets of the records that count."""
    current, following, found = None, 0, []
    for offset, record in enumerate(log):
        if isinstance(record, Claim):
            current, following = record.epoch, 0
        elif record.epoch == current and record.seq == following:
            following += 1
            found.append(offset)
    return found


def read(fold: LogFold, log: list[LogRecord], first: int = 0) -> list[int]:
    """The offsets of the records that count, claims left out, as the model does."""
    verdicts = [
        (offset, record, fold.accept(offset, record)) for offset, record in enumerate(log, first)
    ]
    assert all(verdict.accepted != bool(verdict.why) for *_, verdict in verdicts)
    return [at for at, record, verdict in verdicts if verdict[0] and not isinstance(record, Claim)]


@given(LOGS)
def test_it_reads_what_the_model_reads(log: list[LogRecord]):
    assert read(LogFold(PartitionFacts(0)), log) == model(log)


@given(LOGS, st.integers(0, 25))
def test_it_can_stop_anywhere_and_go_on_from_its_facts(log: list[LogRecord], stop: int):
    """What the file keeps is enough: this is a crash at any point and a new reader."""
    whole, part = LogFold(PartitionFacts(0)), LogFold(PartitionFacts(0))
    expected = read(whole, log)
    before = read(part, log[:stop])
    again = LogFold(part.facts)
    first = part.facts.offset + 1
    assert before + read(again, log[first:], first) == expected
    assert again.facts == whole.facts


@given(LOGS)
def test_the_facts_are_those_of_the_last_record_that_counts(log: list[LogRecord]):
    fold = LogFold(PartitionFacts(3))
    counted = [at for at, record in enumerate(log) if fold.accept(at, record).accepted]
    facts = fold.facts
    assert facts.partition == 3
    assert facts.offset == (counted[-1] if counted else -1)
    told = [record for record in map(log.__getitem__, counted) if hasattr(record, "sent")]
    assert facts.sent == max((record.sent for record in told), default=-1)
    claims = [at for at in counted if isinstance(log[at], Claim)]
    assert facts.epoch == (log[claims[-1]].epoch if claims else "")
    assert facts.seq == (sum(at > claims[-1] for at in counted) if claims else 0)
    assert facts.log == ("L" if claims else "")


@st.composite
def honest_logs(draw: st.DrawFn) -> list[LogRecord]:
    """Owners that claim and pipeline; appends are lost or late, in the order of each owner."""
    waiting = {
        epoch: [claim(epoch), *(transition(epoch, n) for n in range(draw(st.integers(0, 5))))]
        for epoch in EPOCHS
    }
    log: list[LogRecord] = []
    while any(waiting.values()):
        epoch = draw(st.sampled_from([epoch for epoch in EPOCHS if waiting[epoch]]))
        record = waiting[epoch].pop(0)
        if draw(st.integers(0, 4)):
            log.append(record)
    return log


@given(honest_logs())
def test_of_each_epoch_an_unbroken_beginning_counts_and_nothing_after_the_next_claim(log):
    fold = LogFold(PartitionFacts(0))
    counted = [log[at] for at in read(fold, log)]
    for epoch in EPOCHS:
        numbers = [record.seq for record in counted if record.epoch == epoch]
        assert numbers == list(range(len(numbers)))
    order = [record.epoch for record in counted]
    claimed = [record.epoch for record in log if isinstance(record, Claim)]
    assert order == sorted(order, key=claimed.index)


@given(LOGS, st.integers(0, 60))
def test_a_record_that_is_not_the_next_one_is_an_error_and_changes_nothing(log, offset: int):
    fold = LogFold(PartitionFacts(0))
    read(fold, [claim("A"), *log])
    following, facts = fold.next_offset, fold.facts
    if offset == following:
        offset += 1
    with pytest.raises(LogGap, match=f"offset {following} was to come, and {offset} came"):
        fold.accept(offset, claim("B"))
    with pytest.raises(LogGap):
        fold.unreadable(offset, UnreadableRecord("junk"))
    assert (fold.next_offset, fold.facts) == (following, facts)


def test_whoever_goes_on_from_facts_begins_with_the_record_after_them():
    fold = LogFold(PartitionFacts(0, "L", "A", 1, 6))
    for offset in (0, 6, 8):
        with pytest.raises(LogGap, match="offset 7 was to come"):
            fold.accept(offset, transition("A", 1))
    assert fold.accept(7, transition("A", 1)).accepted


def test_the_log_may_begin_anywhere_where_old_records_were_deleted():
    fold = LogFold(PartitionFacts(0))
    assert read(fold, [claim("A"), transition("A", 0)], first=1_000) == [1_001]


def test_a_claim_of_another_log_is_an_error_and_changes_nothing():
    fold = LogFold(PartitionFacts(0))
    read(fold, [claim("A"), transition("A", 0)])
    facts = fold.facts
    with pytest.raises(ForeignLog, match=r"offset 2: a claim for log M, and this is log L"):
        fold.accept(2, claim("B", log="M"))
    assert fold.facts == facts
    assert fold.accept(2, transition("A", 1)).accepted


def test_junk_is_skipped_and_takes_no_number():
    fold = LogFold(PartitionFacts(0))
    read(fold, [claim("A"), transition("A", 0)])
    for offset, junk in enumerate(
        [
            UnreadableRecord("no JSON"),
            UnreadableRecord("of an older epoch", "transition", "B", 1),
            UnreadableRecord("a lost append's successor", "transition", "A", 2),
        ],
        start=2,
    ):
        assert fold.unreadable(offset, junk) == (False, str(junk))
    assert fold.accept(5, transition("A", 1)).accepted


@pytest.mark.parametrize(
    "newer",
    [
        UnreadableRecord("a new kind", "snapshot", "A", 1),
        UnreadableRecord("a claim that says more", "claim", "B"),
    ],
)
def test_what_a_newer_version_wrote_stops_the_reader(newer: UnreadableRecord):
    """Skipping it would skip all that follows it, silently."""
    fold = LogFold(PartitionFacts(0))
    read(fold, [claim("A"), transition("A", 0)])
    with pytest.raises(UnreadableRecord) as caught:
        fold.unreadable(2, newer)
    assert caught.value is newer
    assert fold.next_offset == 2


def test_the_sent_mark_never_goes_back():
    fold = LogFold(PartitionFacts(0))
    read(fold, [claim("A"), transition("A", 0, sent=7)])
    fold.sent_up_to(5)
    assert fold.facts.sent == 7
    fold.sent_up_to(9)
    assert fold.facts.sent == 9
    fold.accept(2, claim("B"))
    assert fold.facts.sent == 9
    fold.accept(3, transition("B", 0, sent=8))
    assert fold.facts.sent == 9
