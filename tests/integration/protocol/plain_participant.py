"""A participant in plain Python, from docs/protocol.md alone: arguments BROKER TOPIC DATABASE LETTERS."""

# ruff: noqa: E501  # a page is easier to read with long lines than on two pages

import asyncio  # pylint: disable=multiple-imports
import json
import sqlite3
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

BROKER, TOPIC, DATABASE, LETTERS = sys.argv[1:]
SAME = ("specversion", "type", "tenant", "saga", "step", "direction", "round", "attempt", "traceparent")  # fmt: skip
HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
db = sqlite3.connect(DATABASE)
db.execute("CREATE TABLE IF NOT EXISTS replies (effect, direction, round, outcome, data)")
db.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, number INTEGER, undone INTEGER DEFAULT 0)")  # fmt: skip


def handle(command: dict) -> tuple[str, dict]:
    effect = f"{command['tenant']}/{command['saga']}/{command['step']}"
    direction, number, order = command["direction"], command["round"], command["data"]["order"]
    stored = db.execute("SELECT direction, round, outcome, data FROM replies WHERE effect = ?", [effect]).fetchall()  # fmt: skip
    for known, of_round, outcome, data in stored:
        if (known, of_round) == (direction, number):
            return outcome, json.loads(data)
    if time.time() * 1000 > int(command["deadline"]) + 2000:
        return "failed", {"code": "expired", "reason": "too late"}
    if not command["type"].startswith(("Do", "Undo")):
        return "failed", {"code": "unknown_command", "reason": command["type"]}
    undone = max((r for d, r, o, _ in stored if (d, o) == ("undo", "succeeded")), default=0)
    done = [r for d, r, o, _ in stored if (d, o) == ("do", "succeeded") and undone < r <= number]
    outcome, data = "succeeded", {}
    if direction == "undo" and done:
        db.execute("UPDATE jobs SET undone = 1 WHERE number = ?", [order])
    elif direction == "do" and number <= undone:
        return "failed", {"code": "tombstoned", "reason": "it was undone before it came"}
    elif direction == "do" and order < 0:
        outcome, data = "refused", {"code": "no", "reason": "negative"}
    elif direction == "do":
        data = {"job": db.execute("INSERT INTO jobs (number) VALUES (?)", [order]).lastrowid}
    db.execute("INSERT INTO replies VALUES (?, ?, ?, ?, ?)", [effect, direction, number, outcome, json.dumps(data)])  # fmt: skip
    return outcome, data


def reply_to(command: dict) -> bytes:
    with db:
        outcome, data = handle(command)
    same = {name: command[name] for name in SAME if name in command}
    reply = {**same, "id": command["id"], "source": "plain", "outcome": outcome, "data": data}
    return json.dumps(reply).encode()


def dead_letter(record, error: Exception) -> list:
    facts = {"topic": TOPIC, "partition": record.partition, "offset": record.offset, "error": repr(error), "at": int(time.time() * 1000)}  # fmt: skip
    return [*record.headers, *((f"dlq-{name}", str(fact).encode()) for name, fact in facts.items())]


async def main() -> None:
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=BROKER, group_id=TOPIC, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=10)  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=BROKER)
    async with consumer, producer:
        async for record in consumer:
            try:
                command = json.loads(record.value)
                reply = reply_to(command)
            except (ValueError, TypeError, KeyError) as error:  # whatever it is, it stalls nobody
                await producer.send_and_wait(LETTERS, record.value, key=record.key, headers=dead_letter(record, error))  # fmt: skip
            else:
                await producer.send_and_wait(command["replytopic"], reply, key=command["saga"].encode(), partition=command["replypartition"], headers=HEADERS)  # fmt: skip
            await consumer.commit()


asyncio.run(main())
