"""Dead letters: what is read off a record, and what goes back."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.broker.types import Record
from orchestrator.admin.letters import (
    Mark,
    letter_id,
    letter_of,
    mark_of,
    marking,
    place_of,
    tenant_of,
)


class Consumed(NamedTuple):
    """A record of the dead-letter topic."""

    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    key: bytes | None = b"k"
    partition: int = 3
    offset: int = 8
    timestamp: int = 99
    topic: str = "saga.dead-letters"


NOTED = (
    ("dlq-topic", b"saga.replies"),
    ("dlq-partition", b"1"),
    ("dlq-offset", b"40"),
    ("dlq-error", b"no JSON"),
    ("dlq-at", b"1000"),
)


def test_a_letter_tells_whence_it_came_and_goes_back_as_it_was():
    record = Consumed(b'{"tenant": "5"}', (("traceparent", b"00"), *NOTED))
    letter = letter_of(record, None)
    assert (letter.topic, letter.partition, letter.offset) == ("saga.replies", 1, 40)
    assert (letter.error, letter.at, letter.tenant) == ("no JSON", 1_000, 5)
    assert letter.again() == Record(b"k", record.value, [("traceparent", b"00")])


def test_what_the_sender_pretends_to_be_noted_does_not_count():
    forged = (("dlq-topic", b"saga.log"), ("dlq-partition", b"9"))
    letter = letter_of(Consumed(b"x", (*forged, *NOTED)), None)
    assert (letter.topic, letter.partition) == ("saga.replies", 1)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"7", b'{"tenant": {}}', b"[" * 99_999])
def test_the_tenant_of_what_cannot_be_read_is_nobody(value: bytes | None):
    assert tenant_of(value) is None


def test_a_mark_is_read_as_it_was_written():
    mark = Mark(8, "nonce", "ann", 1_000)
    written = marking(mark)
    assert mark_of(Consumed(written.value, tuple(written.headers))) == mark
    assert mark_of(Consumed(b"x", tuple(written.headers))) is None
    assert mark_of(Consumed(None)) is None


@given(st.integers(0, 1023), st.integers(0, 2**43 - 1))
def test_ids_name_their_place(partition: int, offset: int):
    letter = letter_id(partition, offset)
    assert letter < 2**53
    assert place_of(letter) == (partition, offset)


@given(st.binary(), st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=30))))
def test_no_record_is_too_strange(value: bytes, headers: list[tuple[str, bytes]]):
    strange = tuple((f"dlq-{name}", raw) for name, raw in headers)
    letter = letter_of(Consumed(value, (*headers, *strange)), None)
    assert letter.value == value
    assert mark_of(Consumed(None, (*headers, *strange, ("dlq-redriven", value)))) is not None
