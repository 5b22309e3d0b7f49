"""A batch of commands: one transaction, a savepoint for each, replies that repeat themselves."""

import asyncio
import sqlite3
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from infra.datastore import open_database
from services.participant import Participant, StorageFault, Work, inbox
from services.participant.batch import BatchHandler
from services.participant.effects import effects, seen
from services.participant.settings import ServiceSettings
from tests.unit.services.messages import NOW, Consumed, command, event, reply
from tests.unit.services.words import Note, Noted, make_participant, note, words


class Bench:
    """A participant's transactions without a broker."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.clock = ManualClock(NOW)
        broker = BrokerSettings.local("127.0.0.1:1")
        self.handler = BatchHandler(
            make_participant(), db, broker, self.clock, ServiceSettings(skew_ms=0)
        )

    async def give(self, *values: bytes | None, topic: str = "test.commands"):
        """Handle records in one transaction; the replies they got, or the whole outcome."""
        records = [Consumed(value, topic, offset=n) for n, value in enumerate(values)]
        outcome = await self.handler.handle(records)
        assert outcome.taken == len(records)
        return outcome

    async def ask(self, kind: str, word: str, **changes: object):
        """Handle one command; its reply."""
        outcome = await self.give(command(kind, {"word": word}, **changes))
        return reply(outcome.outgoing[0].record.value)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    db = open_database(tmp_path / "test.db")
    inbox.prepare(db)
    db.execute("CREATE TABLE words (word TEXT)")
    yield Bench(db)
    db.close()


@pytest.mark.parametrize("kind", ["Note", "NoteLater"])
async def test_a_command_takes_effect_once_and_repeats_its_reply(bench: Bench, kind: str):
    first = await bench.ask(kind, "hello")
    again = await bench.ask(kind, "hello", attempt=2)
    assert (first["outcome"], first["type"]) == ("succeeded", "Noted")
    assert first["data"] == again["data"] == {"word": "hello", "count": 1}
    assert (first["id"], again["id"]) == ("1/1024/step/do/1/1", "1/1024/step/do/1/2")
    assert words(bench.db) == 1


async def test_the_same_command_twice_in_one_batch_is_one_effect(bench: Bench):
    raw = command("Note", {"word": "hello"})
    outcome = await bench.give(raw, raw)
    first, second = (reply(item.record.value) for item in outcome.outgoing)
    assert first == second
    assert words(bench.db) == 1
    assert outcome.counts == {"succeeded": 1, "repeated": 1}


async def test_a_reply_goes_where_the_command_says(bench: Bench):
    raw = command(
        "Note", {"word": "a"}, replytopic="x.replies", replypartition=3, traceparent="00-a-b-01"
    )
    item = (await bench.give(raw)).outgoing[0]
    assert (item.topic, item.partition, item.record.key) == ("x.replies", 3, b"1024")
    answer = reply(item.record.value)
    assert (answer["tenant"], answer["saga"], answer.get("traceparent")) == (1, 1024, "00-a-b-01")


async def test_rounds_sagas_steps_and_tenants_are_effects_of_their_own(bench: Bench):
    for changes in ({}, {"round": 2}, {"saga": "2048"}, {"step": "other"}, {"tenant": "2"}):
        assert (await bench.ask("Note", "a", **changes))["outcome"] == "succeeded"
    assert words(bench.db) == 5


async def test_a_refusal_is_stored_and_leaves_nothing(bench: Bench):
    first = await bench.ask("Note", "damn")
    assert first["outcome"] == "refused"
    assert first["data"] == {"code": "rude", "reason": "that is rude", "status": 422}
    # the handler would now say yes; what was said stays
    assert (await bench.ask("Note", "hello", attempt=2))["data"] == first["data"]
    assert words(bench.db) == 0


@pytest.mark.parametrize("kind", ["Note", "NoteLater"])
@pytest.mark.parametrize("word", ["crash", "hm", "huge", "wrong"])
async def test_a_failure_is_rolled_back_and_not_stored(bench: Bench, kind: str, word: str):
    failed = await bench.ask(kind, word)
    assert (failed["outcome"], failed["data"]["code"]) == ("failed", "exception")
    assert words(bench.db) == 0
    assert (await bench.ask(kind, "hello", attempt=2))["outcome"] == "succeeded"


async def test_one_bad_command_does_not_take_the_others_with_it(bench: Bench):
    sagas = {"1024": "a", "2048": "crash", "3072": "damn", "4096": "b"}
    commands = [command("Note", {"word": word}, saga=saga) for saga, word in sagas.items()]
    outcome = await bench.give(*commands, b"\xff not JSON", None)
    replies = [reply(item.record.value) for item in outcome.outgoing[:4]]
    assert [answer["outcome"] for answer in replies] == [
        "succeeded",
        "failed",
        "refused",
        "succeeded",
    ]
    assert bench.db.execute("SELECT word FROM words").fetchall() == [("a",), ("b",)]
    assert outcome.woken == {"a", "b"}
    assert outcome.counts["dead_letters"] == 2


async def test_malformed_bytes_become_dead_letters_raw_with_their_place(bench: Bench):
    outcome = await bench.give(b"\x00{", command("Note", {"word": "a"}, direction="sideways"))
    first, second = outcome.outgoing
    assert (first.topic, first.partition) == ("saga.dead-letters", 0)
    assert first.record.value == b"\x00{"
    headers = dict(second.record.headers)
    assert headers["dlq-topic"] == b"test.commands"
    assert (headers["dlq-partition"], headers["dlq-offset"]) == (b"0", b"1")
    assert b"direction" in headers["dlq-error"]
    assert int(headers["dlq-at"]) == NOW


async def test_what_can_be_answered_is_answered(bench: Bench):
    unknown = await bench.ask("Sing", "la")
    assert (unknown["outcome"], unknown["data"]["code"]) == ("failed", "unknown_command")
    outcome = await bench.give(command("Note", {"wrod": "a"}))
    malformed = reply(outcome.outgoing[0].record.value)
    assert malformed["data"]["code"] == "malformed_command"
    assert "word" in malformed["data"]["reason"]


async def test_an_undo_runs_once_and_only_after_its_do(bench: Bench):
    await bench.ask("Note", "a")
    undone = await bench.ask("Forget", "a", direction="undo")
    assert (undone["outcome"], undone["type"]) == ("succeeded", "Noted")
    await bench.ask("Note", "a", saga="2048")
    await bench.ask("Forget", "a", direction="undo", attempt=2)
    assert words(bench.db) == 1
    assert effects(bench.db, 1, 1024) == [
        ("step", "do", "succeeded"),
        ("step", "undo", "succeeded"),
    ]


async def test_an_undo_that_comes_first_leaves_a_tombstone(bench: Bench):
    undone = await bench.ask("Forget", "a", direction="undo")
    assert (undone["outcome"], undone["type"]) == ("succeeded", "NothingToUndo")
    late = await bench.ask("Note", "a")
    assert (late["outcome"], late["data"].get("code")) == ("failed", "tombstoned")
    assert words(bench.db) == 0
    assert (await bench.ask("Note", "a", round=2))["outcome"] == "succeeded"


async def test_an_expired_command_is_not_acted_on_and_not_stored(bench: Bench):
    bench.clock.advance(10_001)
    expired = await bench.ask("Note", "a")
    assert (expired["outcome"], expired["data"]["code"]) == ("failed", "expired")
    again = await bench.ask("Note", "a", attempt=2, deadline=str(NOW + 20_000))
    assert again["outcome"] == "succeeded"


async def test_an_async_handler_gets_no_longer_than_the_deadline(bench: Bench):
    answer = await bench.ask("NoteLater", "never", deadline=str(NOW + 20))
    assert answer["outcome"] == "failed"
    assert "in time" in answer["data"]["reason"]


async def test_an_async_handler_that_is_cancelled_ends_nothing_but_itself(bench: Bench):
    answer = await bench.ask("NoteLater", "cancelled")
    assert (answer["outcome"], answer["data"]["code"]) == ("failed", "exception")


async def test_a_participant_that_is_stopped_stores_nothing(bench: Bench):
    stopped = asyncio.create_task(bench.ask("NoteLater", "never"))
    await asyncio.sleep(0)
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    assert not bench.db.in_transaction
    assert not effects(bench.db, 1, 1024)


async def test_a_slow_batch_is_closed_early_and_goes_on(bench: Bench, monkeypatch):
    ticks = iter(range(1_000))
    monkeypatch.setattr(bench.clock, "monotonic", lambda: next(ticks))
    records = [Consumed(command("Note", {"word": "a"}, saga=str(n))) for n in (1, 2, 3)]
    outcome = await bench.handler.handle(records)
    assert (outcome.taken, len(outcome.outgoing), words(bench.db)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("turn_s", "each_ms", "expected"),
    [(0.005, 0, 0), (0.005, 1, 2), (0.005, 3, 6), (inf, 3, 0)],
)
async def test_a_long_batch_lets_others_go_on_in_between(
    bench: Bench, turn_s: float, each_ms: int, expected: int
):
    """An answer over HTTP does not wait for as many events as there may be."""
    slow = Participant("test", package="tests.unit.services")

    @slow.handles(Note)
    def slowly(message: Note, work: Work) -> Noted:
        bench.clock.advance(each_ms)
        return note(message, work)

    broker = BrokerSettings.local("127.0.0.1:1")
    bench.handler = BatchHandler(slow, bench.db, broker, bench.clock, ServiceSettings(), turn_s)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    await bench.give(*(command("Note", {"word": "a"}, saga=str(n)) for n in range(12)))
    other.cancel()
    assert (turns, words(bench.db)) == (expected, 12)


async def test_a_full_disk_stops_everything_and_nothing_has_happened(bench: Bench):
    bench.db.execute("PRAGMA max_page_count = 20")
    commands = [command("Note", {"word": w}, saga=str(n)) for n, w in enumerate(["a", "full"])]
    with pytest.raises(StorageFault, match="full"):
        await bench.give(*commands)
    assert words(bench.db) == 0
    assert not effects(bench.db, 1, 0)
    bench.db.execute("PRAGMA max_page_count = 1000000")
    outcome = await bench.give(*commands)
    assert [reply(i.record.value)["outcome"] for i in outcome.outgoing] == ["succeeded"] * 2


async def test_an_event_is_followed_once(bench: Bench):
    raw = event("Told", {"word": "a"})
    other = event("Told", {"word": "a"}, source="elsewhere")
    outcome = await bench.give(raw, raw, other, topic="test.events")
    assert words(bench.db) == 2
    assert outcome.counts == {"events": 2, "repeated": 1}
    assert seen(bench.db, "event-1")
    assert not seen(bench.db, "event-2")


async def test_an_event_that_cannot_be_handled_is_a_dead_letter_and_may_come_again(bench: Bench):
    bad = event("Told", {"word": "crash"})
    unknown = event("Shouted", {"word": "a"}, id="event-2")
    outcome = await bench.give(bad, unknown, b"", topic="test.events")
    assert [item.topic for item in outcome.outgoing] == ["saga.dead-letters"] * 2
    assert words(bench.db) == 0
    assert not seen(bench.db, "event-1")
