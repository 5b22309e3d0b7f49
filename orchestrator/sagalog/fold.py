"""The reading rule of the log (DESIGN law 9): which records count, and which are skipped.

One piece for whoever reads a partition: owners taking over, followers, rebuilding. It is the
``fold`` of the small model of law 9, and pure.
"""

from typing import Final, NamedTuple

import msgspec

from orchestrator.sagalog.errors import ForeignLog, LogGap, UnreadableRecord
from orchestrator.sagalog.records import Claim, LogRecord, TransitionRecord


class PartitionFacts(msgspec.Struct, frozen=True, gc=False):
    """What is known of one partition's log, up to the last record that counts.

    ``offset`` is where that record stands (-1: there is none yet), ``at`` when it was written (Unix
    milliseconds). ``seq`` is the number which the NEXT record of ``epoch`` must have. ``sent`` is
    the sent mark: the offset up to which, included, all effects are sent and acknowledged (-1:
    none).
    """

    partition: int
    log: str = ""
    epoch: str = ""
    seq: int = 0
    offset: int = -1
    sent: int = -1
    at: int = 0


class Verdict(NamedTuple):
    """Whether a record counts, and if not, why not."""

    accepted: bool
    why: str = ""


ACCEPTED: Final = Verdict(True)


class LogFold:
    """Reads one partition record by record, beginning after what ``facts`` hold.

    ``next_offset`` is the offset that the next record must have. A fold without facts takes the
    first record at whatever offset it stands: old records may have been deleted up to a claim (law
    14).
    """

    def __init__(self, facts: PartitionFacts) -> None:
        self.facts = facts
        self.next_offset: int | None = facts.offset + 1 if facts.epoch else None

    def accept(self, offset: int, record: LogRecord) -> Verdict:
        """Take the next record; when it counts, ``facts`` are those after it.

        Raises LogGap when it is not the next one, ForeignLog when it claims for another log; then
        nothing changed.
        """
        self._expect(offset)
        if isinstance(record, Claim):
            return self._claimed(offset, record)
        verdict = self._judge(record.epoch, record.seq)
        self.next_offset = offset + 1
        if verdict.accepted:
            self.facts = _after(self.facts, offset, record)
        return verdict

    def unreadable(self, offset: int, error: UnreadableRecord) -> Verdict:
        """Skip a record that is none of ours.

        Raises the error when it looks like ours: a claim, or the next record of the current epoch.
        Then whoever wrote it is newer than this program, and going on without it would skip all
        that follows.
        """
        self._expect(offset)
        next_one = error.epoch == self.facts.epoch and error.seq == self.facts.seq
        if error.kind == "claim" or (self.facts.epoch and next_one):
            raise error
        self.next_offset = offset + 1
        return Verdict(False, str(error))

    def sent_up_to(self, mark: int) -> None:
        """The owner has sent all effects up to this offset, included; a mark never goes back."""
        if mark > self.facts.sent:
            self.facts = msgspec.structs.replace(self.facts, sent=mark)

    def _expect(self, offset: int) -> None:
        if self.next_offset is not None and offset != self.next_offset:
            raise LogGap(
                f"partition {self.facts.partition} of the log: offset {self.next_offset}"
                f" was to come, and {offset} came"
            )

    def _claimed(self, offset: int, claim: Claim) -> Verdict:
        known = self.facts
        if known.log and claim.log != known.log:
            raise ForeignLog(
                f"partition {known.partition} of the log, offset {offset}: a claim for log"
                f" {claim.log}, and this is log {known.log}"
            )
        self.next_offset = offset + 1
        self.facts = PartitionFacts(
            known.partition, claim.log, claim.epoch, 0, offset, known.sent, claim.at
        )
        return ACCEPTED

    def _judge(self, epoch: str, seq: int) -> Verdict:
        if epoch != self.facts.epoch:
            return Verdict(False, f"of epoch {epoch}, and {self.facts.epoch or 'none'} is current")
        if seq != self.facts.seq:
            return Verdict(False, f"number {seq} of its epoch, and {self.facts.seq} was to come")
        return ACCEPTED


def _after(facts: PartitionFacts, offset: int, record: LogRecord) -> PartitionFacts:
    """The facts after a record that counts and is no claim."""
    sent, at = facts.sent, facts.at
    if isinstance(record, TransitionRecord):
        sent, at = max(sent, record.sent), record.sealed.transition.at
    return PartitionFacts(facts.partition, facts.log, facts.epoch, facts.seq + 1, offset, sent, at)
