"""What can happen to the ownership of one partition, and what is then to be done: plain values.

Events are told to ``ownership.step``; it answers with actions, which the shell carries out in the
order given. Offsets are those of ``saga.log``; a *span* is a run of records decided and appended
together. All are immutable and compared by value.
"""

import msgspec

Positions = tuple[int, int]
"""Next offsets to read of (saga.requests, saga.replies); -1 where nothing is known."""

NOWHERE: Positions = (-1, -1)
RESEND = -1
"""The number of the span that stands for what is sent again after a claim."""


class Mark(msgspec.Struct, frozen=True, gc=False):
    """The last record of a partition that a file holds: the log's id, its epoch, the number that
    the next record of that epoch has, and its offset."""

    log: str
    epoch: str
    seq: int
    offset: int


class Span(msgspec.Struct, frozen=True, gc=False):
    """The ``id``-th span of an epoch: ``count`` records, numbered from ``first``, and the inputs
    that they cover.

    ``answers``: the span also sends what is no transition (refusals, dead letters, forwards); those
    are in no log, so its inputs stay uncommitted until everything is acknowledged. ``base`` is
    the offset of its first record once confirmed.
    """

    id: int
    first: int
    count: int
    covers: Positions
    answers: bool = False
    base: int = -1


# ------------------------------------------------------------------------------------- events


class Assigned(msgspec.Struct, frozen=True, gc=False):
    """The group gave us this partition (or the pause after a lost claim is over)."""

    file: Mark | None


class Inspected(msgspec.Struct, frozen=True, gc=False):
    """The topic was compared with the file; ``log`` is the topic's id ("" when it is empty).

    ``matches``: the topic holds, at the file's last offset, the very record the file names.
    ``fresh_log`` and ``epoch`` are new random ids, should they be needed.
    """

    log: str
    matches: bool
    fresh_log: str
    epoch: str


class ClaimAcknowledged(msgspec.Struct, frozen=True, gc=False):
    """Our claim stands in the log at this offset."""

    epoch: str
    offset: int


class Adopted(msgspec.Struct, frozen=True, gc=False):
    """Everything before our claim is read. ``foreign``: the log contradicts our file; ``missing``:
    the file holds what the log lacks; ``sent``: the sent mark."""

    epoch: str
    sent: int
    foreign: bool = False
    missing: bool = False


class Decided(msgspec.Struct, frozen=True, gc=False):
    """Decisions were made on top of what is under way; ``count`` records are to be appended."""

    epoch: str
    count: int
    covers: Positions
    answers: bool = False


class Refilled(msgspec.Struct, frozen=True, gc=False):
    """The whole missing suffix is confirmed and committed."""

    epoch: str


class Acknowledged(msgspec.Struct, frozen=True, gc=False):
    """The span of this id stands in the log from offset ``base``."""

    epoch: str
    span: int
    base: int


class AppendFailed(msgspec.Struct, frozen=True, gc=False):
    """An append gave an error or no usable answer: what the log holds is unknown."""

    epoch: str
    reason: str


class LookDue(msgspec.Struct, frozen=True, gc=False):
    """It is time to see whether the log still ends with our own record."""


class EndSeen(msgspec.Struct, frozen=True, gc=False):
    """The log ended at offset ``end``, after the span of this id and ``seq`` records of the epoch
    were decided.
    """

    epoch: str
    span: int
    seq: int
    end: int


class ReadBetweenDone(msgspec.Struct, frozen=True, gc=False):
    """What lies between the offset expected and the one got was read; was there a newer claim?"""

    epoch: str
    claimed: bool


class Committed(msgspec.Struct, frozen=True, gc=False):
    """The first ``spans`` confirmed spans are in SQLite."""

    spans: int


class Contradicted(msgspec.Struct, frozen=True, gc=False):
    """The file held something else than what is confirmed, and was set aside (DESIGN law 14)."""

    reason: str


class Done(msgspec.Struct, frozen=True, gc=False):
    """All effects and answers of the span of this id are acknowledged."""

    epoch: str
    span: int


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The log could not be read or compared (a gap, a broker gone). ``epoch`` is "" before a
    claim.
    """

    epoch: str
    reason: str


class Revoked(msgspec.Struct, frozen=True, gc=False):
    """The group took the partition away, or the process stops."""


Event = (
    Assigned
    | Inspected
    | ClaimAcknowledged
    | Adopted
    | Decided
    | Refilled
    | Acknowledged
    | AppendFailed
    | LookDue
    | EndSeen
    | ReadBetweenDone
    | Committed
    | Contradicted
    | Done
    | Failed
    | Revoked
)

# ------------------------------------------------------------------------------------ actions


class Inspect(msgspec.Struct, frozen=True, gc=False):
    """Compare the file's last record with the topic, then tell ``Inspected``."""

    file: Mark | None


class SetAside(msgspec.Struct, frozen=True, gc=False):
    """The file belongs to another log: keep a copy, forget the partition, and say so."""

    reason: str


class AppendClaim(msgspec.Struct, frozen=True, gc=False):
    """Append a claim, alone."""

    log: str
    epoch: str


class ReadUpTo(msgspec.Struct, frozen=True, gc=False):
    """Read the log into the file up to our claim at ``offset``, then tell ``Adopted``.

    ``again``: from its beginning, for the topic lacks what the file ends with (law 14)."""

    offset: int
    again: bool


class Refill(msgspec.Struct, frozen=True, gc=False):
    """Append what the log lacks, in chunks by ``Decided``, then tell ``Refilled``."""


class Own(msgspec.Struct, frozen=True, gc=False):
    """The partition is ours: send again what lies behind the sent mark, and decide."""

    sent: int


class Append(msgspec.Struct, frozen=True, gc=False):
    """Append this span's records."""

    span: Span


class SeeEnd(msgspec.Struct, frozen=True, gc=False):
    """See where the log ends, then tell ``EndSeen`` with the same ``span`` and ``seq``."""

    span: int
    seq: int


class ReadBetween(msgspec.Struct, frozen=True, gc=False):
    """Read the log from ``start`` up to, not including, ``stop``, then tell ``ReadBetweenDone``."""

    start: int
    stop: int


class Commit(msgspec.Struct, frozen=True, gc=False):
    """Write these spans to SQLite, then tell ``Committed``."""

    spans: tuple[Span, ...]


class Act(msgspec.Struct, frozen=True, gc=False):
    """Send the effects and answers of these spans, telling ``Done`` for each."""

    spans: tuple[Span, ...]


class Relinquish(msgspec.Struct, frozen=True, gc=False):
    """Throw away all that is not confirmed and read the inputs again from ``inputs``.

    ``again``: we are still assigned; claim again after a random pause."""

    inputs: Positions
    again: bool
    reason: str


Action = (
    Inspect
    | SetAside
    | AppendClaim
    | ReadUpTo
    | Refill
    | Own
    | Append
    | SeeEnd
    | ReadBetween
    | Commit
    | Act
    | Relinquish
)
