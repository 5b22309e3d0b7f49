"""A whole check of a file: verdicts, reasons, what waits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from contracts.messages import Command, Event, Message, Reply
from contracts.topics import REPLIES, REQUESTS
from orchestrator.cli.views.deploy import verdict
from orchestrator.definition.nodes import Definition
from orchestrator.deploy.check import NOTHING, Check
from orchestrator.deploy.contracts import Contracts
from orchestrator.deploy.messages import Waiting, sort
from orchestrator.deploy.report import Report
from orchestrator.engine.inputs import Reply as Answer
from orchestrator.engine.plan import Plan
from orchestrator.sagalog.reader import Reader
from tests.unit.deploy.shop import PAY, SEND, TOPIC, File, Paid, Send, call, shop, speaking


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    """Three sagas; the second one has been paid."""
    made = File(tmp_path / "saga.db", shop())
    for number in (1, 2, 3):
        made.start(number)
    paid = made.states[2 << 10]
    made.take(paid.saga, Answer("r", 2_000, "pay", "do", 1, 1, "succeeded", {"receipt": 7}))
    yield made
    made.log.close()


def held(
    file: File,
    new: Definition | None = None,
    contracts: Contracts | None = None,
    waiting: Waiting = NOTHING,
) -> Report:
    """The report on a new version, or on new contracts alone."""
    targets = {"buying": Plan(new)} if new else {"buying": file.plan}
    with Reader.open(file.path) as reader:
        check = Check(reader, "file", targets, contracts or speaking())
        return check.run(reader.open_sagas(), waiting)


def told(report: Report) -> list[tuple[str, str, str, list[int]]]:
    return [(one.verdict, one.when, one.text, one.examples) for one in report.reasons]


def test_nothing_changes(file: File) -> None:
    report = held(file)
    assert (report.open, report.same, report.passes) == (3, 3, True)
    assert not report.reasons
    assert verdict(report) == "all 3 open sagas would go on as before"


def test_some_differ_and_some_cannot(file: File) -> None:
    """The step that is in flight in one of them is gone; the others would do without it."""
    report = held(file, shop(PAY))
    assert (report.open, report.different, report.stuck) == (3, 2, 1)
    assert (
        verdict(report)
        == "2 of 3 open sagas would behave differently, 1 could not continue, because"
    )
    assert told(report)[0] == (
        "stuck",
        "moved",
        "step send is in flight, and the new version has no such step",
        [2 << 10],
    )
    assert not report.passes


def test_versions_are_counted(file: File) -> None:
    new = shop(replace(PAY, timeout_ms=9_000), SEND)
    (one,) = held(file, new).definitions
    assert one.versions == {file.plan.version: 3}
    assert (one.version, one.open, one.same, one.different) == (Plan(new).version, 3, 1, 2)


def test_a_definition_that_is_gone(file: File) -> None:
    with Reader.open(file.path) as reader:
        report = Check(reader, "file", {}, speaking()).run(reader.open_sagas())
    assert report.definitions[0].version == ""
    assert report.passes


class OtherSend(Command):
    """A new version of a contract: it needs a text, and is answered with less."""

    service = "till"
    reply = Reply
    order: int
    receipt: str


OtherSend.__name__ = "Send"


class NothingPaid(Reply):
    """A reply without a receipt."""


class OtherPay(Command):
    """A new version of a contract: its reply has lost a field."""

    service = "till"
    reply = NothingPaid
    order: int
    amount: int


OtherPay.__name__ = "Pay"


class OtherBought(Event):
    """A new version of an event: it wants more."""

    topic = "shop.events"
    key = "order"
    order: str


OtherBought.__name__ = "Bought"


def test_a_contract_does_not_read_what_is_stored(file: File) -> None:
    """Of sagas that finish on their own version: their receipt is a number."""
    report = held(file, contracts=speaking(OtherSend))
    assert told(report) == [
        (
            "stuck",
            "unmoved",
            "step send: Send is not read any more: receipt: Input should be a valid string",
            [2 << 10],
        )
    ]


def test_a_reply_that_lacks_what_is_needed(file: File) -> None:
    report = held(file, contracts=speaking(OtherPay))
    assert told(report) == [
        (
            "stuck",
            "unmoved",
            "step pay: the reply to Pay does not carry receipt any more",
            [1 << 10, 3 << 10],
        )
    ]


def test_an_event_that_is_not_read(file: File) -> None:
    report = held(file, contracts=speaking(OtherBought))
    assert (report.different, report.passes) == (3, True)
    assert told(report)[0][2] == (
        "event Bought is not read any more: order: Input should be a valid string"
    )


def test_a_command_that_nobody_takes(file: File) -> None:
    contracts = speaking()
    del contracts._spoken.commands[TOPIC, "Unpay"]  # pylint: disable=protected-access
    report = held(file, contracts=contracts)
    assert report.stuck == 3
    assert told(report)[0][2] == "step pay: nobody takes Unpay on till.commands any more"


class Read(NamedTuple):
    """A record."""

    topic: str
    value: bytes | None
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


def message(topic: str, **fields: Any) -> Read:
    """A message on its way."""
    base = {"specversion": "1.0", "id": "i", "source": "s", "tenant": "1"}
    return Read(topic, json.dumps({**base, **fields}).encode())


def reply(saga: int, data: dict[str, Any], step: str = "pay") -> Read:
    about = {"saga": str(saga), "step": step, "direction": "do", "round": 1, "attempt": 1}
    return message(REPLIES, type="R", outcome="succeeded", data=data, **about)


def command(saga: int, number: int = 1, **data: Any) -> Read:
    about = {"saga": str(saga), "step": "pay", "direction": "do", "round": number, "attempt": 1}
    more = {"deadline": "1", "idempotencykey": "k", "replytopic": "t", "replypartition": 0}
    return message(TOPIC, type="Pay", data=data, **about, **more)


def start(key: str, definition: str = "buying", **given: Any) -> Read:
    data = {"definition": definition, "input": given}
    return message(REQUESTS, type="saga.start", requestkey=key, data=data)


def waits(*records: Read) -> Waiting:
    by_topic: dict[str, list[Any]] = {}
    for record in records:
        by_topic.setdefault(record.topic, []).append(record)
    return sort(by_topic)


def test_a_reply_that_waits(file: File) -> None:
    """The new version would need more of the next step than the reply brings."""
    dearer = replace(SEND, do=call(Send, receipt="pay.price"))
    paid = replace(PAY, do=replace(PAY.do, reply=("price", "receipt")))
    report = held(file, shop(paid, dearer), waiting=waits(reply(1 << 10, {"receipt": 5})))
    lacking = [one for one in report.reasons if one.when == "waiting"]
    assert [(one.verdict, one.examples) for one in lacking] == [("different", [1 << 10])]
    assert lacking[0].text.startswith("for the reply that waits: pay is asked again after")
    assert report.messages == 1


def test_a_command_that_waits(file: File) -> None:
    """Only while its saga waits for it."""
    bad = command(1 << 10, order="x", amount=1)
    over = command(2 << 10, order="x", amount=1)
    late = command(3 << 10, 2, order="x", amount=1)
    report = held(file, waiting=waits(bad, over, late, command(3 << 10, order=1, amount=1)))
    assert told(report) == [
        (
            "stuck",
            "waiting",
            "step pay: Pay is not read any more: order: Input should be a valid integer, unable to"
            " parse string as an integer",
            [1 << 10],
        )
    ]
    assert report.messages == 4


class DearBuy(Message):
    """A new version of the input."""

    order: int
    amount: int
    currency: str


def test_starts_that_wait(file: File) -> None:
    """What has been started already is answered, and not started again."""
    records = (
        start("k1", order=1, amount=100),
        start("new", order=9, amount=100),
        start("other", "nothing-such"),
        start("good", order=8, amount=1, currency="EUR"),
        Read(REQUESTS, b"no message"),
    )
    waiting = waits(*records)
    assert waiting.unreadable == 1
    report = held(file, contracts=speaking(start=DearBuy), waiting=waiting)
    assert report.refused == 2
    assert [(one.definition, one.text) for one in report.reasons] == [
        ("buying", "a start that waits would be refused: currency: Field required"),
        (
            "nothing-such",
            "a start that waits would be refused: the application defines no saga nothing-such",
        ),
    ]
    assert not report.passes
    assert verdict(report).endswith("; 2 starts that wait would be refused, because")


def test_signals_and_repairs_that_wait(file: File) -> None:
    """A cancel that was in time is too late by the new version."""
    about = {"saga": str(2 << 10), "data": {"signal": "cancel", "reason": "r", "by": "b"}}
    signal = message(REQUESTS, type="saga.signal", **about)
    data = {"action": "resume", "reason": "r", "by": "b"}
    repair = message(REQUESTS, type="saga.repair", saga=str(1 << 10), data=data)
    new = shop(replace(PAY), replace(SEND, kind="retriable", undo=None))
    report = held(file, new, waiting=waits(signal, repair))
    found = [one for one in report.reasons if one.when == "waiting"]
    assert [one.examples for one in found] == [[2 << 10]]
    assert found[0].text.startswith("for the signal that waits: cancel is refused: there is no way")


def test_paid_is_paid() -> None:
    assert Paid(receipt=1).receipt == 1
