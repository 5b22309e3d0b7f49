"""What stands on the topic ``saga.log``: claims, definitions, rollouts and transitions, as JSON.

The facts of a transition are encoded once (``seal``): the same text goes to the topic and into the
file, so both hold the same bytes whichever was written from which. Sources: DESIGN laws 2, 9 and
14.
"""

import msgspec

from orchestrator.definition.nodes import Definition, canonical, parse
from orchestrator.engine.facts import Fact, Transition
from orchestrator.engine.rollouts import Rollout
from orchestrator.sagalog.errors import UnreadableRecord


class Claim(msgspec.Struct, frozen=True, tag="claim", gc=False):
    """An assignee begins to own the partition, under a new ``epoch`` (a random id).

    ``log`` is the random id of the log, the same in every claim of it; ``at`` is in Unix
    milliseconds, ``owner`` is a name for people.
    """

    log: str
    epoch: str
    at: int
    owner: str


class DefinitionRecord(msgspec.Struct, frozen=True, tag="definition", gc=False):
    """A definition in canonical JSON, before the first saga of its version in the partition."""

    epoch: str
    seq: int
    version: str
    definition: msgspec.Raw

    @classmethod
    def of(cls, epoch: str, seq: int, version: str, definition: Definition) -> "DefinitionRecord":
        """The record of a definition whose version is known already."""
        return cls(epoch, seq, version, msgspec.Raw(canonical(definition)))


class RolloutRecord(msgspec.Struct, frozen=True, tag="rollout", gc=False):
    """A rule for the starts of a definition, the ``number``-th of its partition (from 1), in force
    for what is decided after it. The definitions of its versions stand before it.
    """

    epoch: str
    seq: int
    number: int
    rollout: Rollout


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A transition and its facts in JSON: made by ``seal``, or read from topic or file."""

    transition: Transition
    facts: str


class TransitionRecord(msgspec.Struct, frozen=True, gc=False):
    """The ``seq``-th record of its epoch (from 0; definitions count too).

    ``sent`` is the sent mark: the log offset up to which, included, all effects are sent and
    acknowledged; -1 before the first (DESIGN law 3).
    """

    epoch: str
    seq: int
    sent: int
    sealed: Sealed

    @property
    def transition(self) -> Transition:
        """The transition itself."""
        return self.sealed.transition


LogRecord = Claim | DefinitionRecord | RolloutRecord | TransitionRecord


class _Body(msgspec.Struct, frozen=True, gc=False):
    """A transition on the wire, with its facts as they were sealed."""

    saga: int
    number: int
    at: int
    input: str
    facts: msgspec.Raw


class _Wire(msgspec.Struct, frozen=True, tag="transition", gc=False):
    epoch: str
    seq: int
    sent: int
    transition: _Body


class _Header(msgspec.Struct, gc=False):
    """What every record of ours says about itself, however new it is."""

    type: str
    epoch: str
    seq: int = -1


_ENCODER = msgspec.json.Encoder()
_RECORDS = msgspec.json.Decoder(Claim | DefinitionRecord | RolloutRecord | _Wire)
_FACTS = msgspec.json.Decoder(tuple[Fact, ...])
_HEADERS = msgspec.json.Decoder(_Header)


def seal(transition: Transition) -> Sealed:
    """Encode the facts of a transition, once and for all."""
    return Sealed(transition, _ENCODER.encode(transition.facts).decode())


def encode_record(record: LogRecord) -> bytes:
    """The record as it stands on the topic."""
    if not isinstance(record, TransitionRecord):
        return _ENCODER.encode(record)
    told = record.sealed.transition
    facts = msgspec.Raw(record.sealed.facts)
    body = _Body(told.saga, told.number, told.at, told.input, facts)
    return _ENCODER.encode(_Wire(record.epoch, record.seq, record.sent, body))


def decode_record(raw: bytes | None) -> LogRecord:
    """Read a record from the topic; raises UnreadableRecord saying where it is wrong."""
    if raw is None:
        raise UnreadableRecord("a record of the log is empty (a Kafka tombstone)")
    try:
        record = _RECORDS.decode(raw)
        if isinstance(record, _Wire):
            body = record.transition
            sealed = unseal(body.saga, body.number, body.at, body.input, bytes(body.facts).decode())
            return TransitionRecord(record.epoch, record.seq, record.sent, sealed)
        if isinstance(record, DefinitionRecord):
            # A Raw is a view into the message, which would be kept whole.
            parse(bytes(record.definition))
            own = msgspec.Raw(bytes(record.definition))
            return DefinitionRecord(record.epoch, record.seq, record.version, own)
        return record
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableRecord(f"unreadable record of the log: {error}", *_header(raw)) from error


def unseal(saga: int, number: int, at: int, caused_by: str, facts: str) -> Sealed:
    """A transition from what topic and file hold of it; raises msgspec.ValidationError."""
    return Sealed(Transition(saga, number, at, caused_by, _FACTS.decode(facts)), facts)


def _header(raw: bytes) -> tuple[str, str, int]:
    try:
        header = _HEADERS.decode(raw)
    except (msgspec.MsgspecError, ValueError):
        return "", "", -1
    return header.type, header.epoch, header.seq
