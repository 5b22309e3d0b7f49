"""Messages that wait to be read, sorted by whom they are for."""

from collections.abc import Callable
from typing import Any, NamedTuple

from contracts.envelope import COMMAND, CommandMessage, MalformedMessage, Request, decode
from contracts.topics import REPLIES, REQUESTS
from infra.broker.types import ConsumedRecord
from orchestrator.deploy.situation import NOW
from orchestrator.engine.inputs import Input
from orchestrator.runtime.intake import (
    read_reply,
    read_request,
    repair_input,
    repair_of,
    reply_input,
    signal_input,
    signal_of,
    start_of,
)


class WaitingStart(NamedTuple):
    """A start that nobody has decided yet."""

    tenant: int
    definition: str
    key: str
    input: dict[str, Any]


class WaitingCommand(NamedTuple):
    """A command that its participant has not taken yet."""

    topic: str
    message: CommandMessage


class Addressed(NamedTuple):
    """A signal for the saga of a request key."""

    tenant: int
    definition: str
    key: str
    given: Input


class Waiting(NamedTuple):
    """What waits: inputs by saga, in the order of their partition; starts; commands.

    ``addressed`` are inputs whose saga is known by its request key; ``unreadable`` counts what
    cannot be read: it goes to the dead letters, now as before.
    """

    inputs: dict[int, list[Input]]
    starts: list[WaitingStart]
    commands: list[WaitingCommand]
    addressed: list[Addressed]
    unreadable: int = 0


def sort(records: dict[str, list[ConsumedRecord]]) -> Waiting:
    """Read the records of each topic (named without prefix)."""
    found, unreadable = Waiting({}, [], [], []), 0
    takes: dict[str, Callable[[Waiting, ConsumedRecord], None]] = {
        REQUESTS: _request,
        REPLIES: _reply,
    }
    for topic, some in records.items():
        for record in some:
            try:
                if topic in takes:
                    takes[topic](found, record)
                else:
                    message = decode(COMMAND, record.value)
                    found.commands.append(WaitingCommand(topic, message))
            except MalformedMessage:
                unreadable += 1
    return found._replace(unreadable=unreadable)


def _request(found: Waiting, record: ConsumedRecord) -> None:
    request: Request = read_request(record)
    if request["type"] == "saga.start":
        key, body = start_of(request)
        start = WaitingStart(request["tenant"], body["definition"], key, body["input"])
        found.starts.append(start)
    elif request["type"] == "saga.signal":
        saga, signal = signal_of(request)
        given = signal_input(request, signal, NOW)
        if saga is not None:
            found.inputs.setdefault(saga, []).append(given)
        else:
            name, key = signal.get("definition", ""), request.get("requestkey", "")
            found.addressed.append(Addressed(request["tenant"], name, key, given))
    else:
        saga, repair = repair_of(request)
        found.inputs.setdefault(saga, []).append(repair_input(request, repair, NOW))


def _reply(found: Waiting, record: ConsumedRecord) -> None:
    reply = read_reply(record)
    found.inputs.setdefault(reply["saga"], []).append(reply_input(reply, NOW))
