"""A participant that notes words, and makes every kind of trouble."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, ClassVar

from contracts.messages import Command, Event, Reply
from services.participant import Participant, Refusal, Work, wire


class Noted(Reply):
    word: str
    count: int


class Note(Command):
    service = "test"
    reply = Noted
    refusals: ClassVar = {"rude": 422}

    word: str


class NoteLater(Note):
    pass


class Forget(Note):
    pass


class Told(Event):
    topic = "test.events"
    key = "word"

    word: str


def note(message: Note, work: Work) -> Noted:
    """Note a word; some make trouble."""
    work.db.execute("INSERT INTO words VALUES (?)", (message.word,))
    work.wake(message.word)
    trouble = TROUBLE.get(message.word)
    return trouble(work) if trouble else Noted(word=message.word, count=words(work.db))


def refuse(code: str) -> Callable[[Work], Noted]:
    def refusal(_work: Work) -> Noted:
        raise Refusal(code, "that is rude")

    return refusal


def crash(_work: Work) -> Noted:
    raise RuntimeError("a bug")


def fill_the_disk(work: Work) -> Noted:
    work.db.execute("INSERT INTO words VALUES (zeroblob(10000000))")
    return Noted(word="full", count=0)


TROUBLE: dict[str, Callable[[Work], Any]] = {
    "damn": refuse("rude"),
    "hm": refuse("undeclared"),
    "crash": crash,
    "huge": lambda _work: Noted(word="x" * (wire.MAX_REPLY_BYTES + 1), count=0),
    "wrong": lambda _work: "no reply at all",
    "full": fill_the_disk,
}


def make_participant() -> Participant:
    participant = Participant("test", package="tests.unit.services")
    participant.handles(Note)(note)

    @participant.handles(NoteLater)
    async def note_later(message: Note, work: Work) -> Noted:
        if message.word == "never":
            await asyncio.Event().wait()
        if message.word == "cancelled":
            raise asyncio.CancelledError
        await asyncio.sleep(0)
        return note(message, work)

    @participant.handles(Forget)
    def forget(message: Note, work: Work) -> Noted:
        work.db.execute("DELETE FROM words WHERE word = ?", (message.word,))
        return Noted(word=message.word, count=words(work.db))

    @participant.consumes(Told)
    def told(message: Told, work: Work) -> None:
        work.db.execute("INSERT INTO words VALUES (?)", (message.word,))
        if message.word == "crash":
            raise RuntimeError("a bug")

    return participant


def words(db: sqlite3.Connection) -> int:
    return db.execute("SELECT count(*) FROM words").fetchone()[0]
