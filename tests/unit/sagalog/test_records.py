"""Records of the log: what is written is what is read, and the rest is refused."""

import json

import msgspec
import pytest

from orchestrator.definition.nodes import Definition, canonical
from orchestrator.engine.facts import Completed, Started, Transition
from orchestrator.sagalog.errors import UnreadableRecord
from orchestrator.sagalog.records import (
    Claim,
    DefinitionRecord,
    TransitionRecord,
    decode_record,
    encode_record,
    seal,
)

STARTED = Started("order", "v1", 1, "käy", {"order_id": 4711, "price": 1.5, "none": None})
TRANSITION = Transition(1 << 10 | 3, 1, 1_700_000_000_000, 'a "quoted" input', (STARTED,))


def test_a_claim_there_and_back():
    claim = Claim("log", "epoch", 5, "host-1")
    assert decode_record(encode_record(claim)) == claim
    assert json.loads(encode_record(claim))["type"] == "claim"


def test_a_definition_there_and_back_keeps_its_bytes():
    definition = Definition("order", {"type": "object"}, ())
    record = DefinitionRecord.of("epoch", 0, "v1", definition)
    again = decode_record(encode_record(record))
    assert isinstance(again, DefinitionRecord)
    assert bytes(again.definition) == canonical(definition)
    assert (again.epoch, again.seq, again.version) == ("epoch", 0, "v1")


def test_a_transition_there_and_back():
    record = TransitionRecord("epoch", 7, 41, seal(TRANSITION))
    assert decode_record(encode_record(record)) == record
    assert record.transition == TRANSITION
    assert json.loads(encode_record(record)) == {
        "type": "transition",
        "epoch": "epoch",
        "seq": 7,
        "sent": 41,
        "transition": {
            "saga": 1027,
            "number": 1,
            "at": 1_700_000_000_000,
            "input": 'a "quoted" input',
            "facts": json.loads(seal(TRANSITION).facts),
        },
    }


def test_facts_are_kept_as_they_were_written_by_whoever_wrote_them():
    """A newer version may add fields: dropping them would make two files differ."""
    raw = (
        b'{"type":"transition","epoch":"e","seq":0,"sent":-1,"transition":{"saga":1,"number":2,'
        b'"at":3,"input":"i","facts":[ {"type":"completed","new":1} ]}}'
    )
    record = decode_record(raw)
    assert isinstance(record, TransitionRecord)
    assert record.sealed.facts == '[ {"type":"completed","new":1} ]'
    assert record.transition.facts == (Completed(),)
    assert b'[ {"type":"completed","new":1} ]' in encode_record(record)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (None, ("", "", -1)),
        (b"", ("", "", -1)),
        (b"\xff\xfe", ("", "", -1)),
        (b"[]", ("", "", -1)),
        (b'{"type":"claim"}', ("", "", -1)),
        (b'{"type":"claim","epoch":"e"}', ("claim", "e", -1)),
        (b'{"type":"snapshot","epoch":"e","seq":4}', ("snapshot", "e", 4)),
        (
            b'{"type":"transition","epoch":"e","seq":4,"sent":0,"transition":{"saga":1,"number":1,'
            b'"at":1,"input":"","facts":[{"type":"dreamt"}]}}',
            ("transition", "e", 4),
        ),
        (
            b'{"type":"definition","epoch":"e","seq":4,"version":"v","definition":{"name":"x"}}',
            ("definition", "e", 4),
        ),
        (b'{"type":"transition","epoch":"e","seq":"4"}', ("", "", -1)),
    ],
)
def test_what_cannot_be_read_says_what_it_claims_to_be(raw: bytes | None, says):
    with pytest.raises(UnreadableRecord) as caught:
        decode_record(raw)
    assert (caught.value.kind, caught.value.epoch, caught.value.seq) == says


def test_sealing_is_the_encoding_of_the_facts():
    assert msgspec.json.decode(seal(TRANSITION).facts, type=tuple[Started, ...]) == (STARTED,)
