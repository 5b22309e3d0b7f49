"""Is it answered, where, and with which attributes."""

from typing import Final

from contracts.envelope import CONTENT_TYPE, REPLY, MalformedMessage, decode
from orchestrator.conformance.answers import Answer, short
from orchestrator.conformance.checks.check import DO, Check
from orchestrator.conformance.commands import Command
from orchestrator.conformance.scene import Scene
from orchestrator.conformance.verdicts import must, succeeded

LARGEST: Final = 2**53 - 1
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def answered(scene: Scene) -> None:
    """Fresh commands one after another, for every partition of the reply topic."""
    for _ in range(max(2, scene.post.reply_partitions)):
        succeeded(await scene.one(scene.do(scene.effect())), "the example do")


async def place(scene: Scene) -> None:
    """Replies for different partitions, asked for in one batch."""
    commands = [scene.do(scene.effect()) for _ in range(max(2, scene.post.reply_partitions))]
    for command, answer in zip(commands, await scene.ask(*commands), strict=True):
        wanted = f"{command.reply_topic}, partition {command.reply_partition}"
        found = f"{answer.topic}, partition {answer.partition}"
        must(wanted == found, f"the reply on {wanted}", found)


async def attributes(scene: Scene) -> None:
    """Every attribute that is copied, and those of CloudEvents."""
    command = scene.do(scene.effect())
    _copied(command, await scene.one(command))


async def identity(scene: Scene) -> None:
    """The id of a first and of a second attempt."""
    effect = scene.effect()
    for attempt in (1, 2):
        command = scene.do(effect, attempt=attempt)
        found = (await scene.one(command)).message.get("id")
        must(found == command.id, f"id {short(command.id)}", short(found))


async def record(scene: Scene) -> None:
    """The Kafka record around the reply."""
    command = scene.do(scene.effect())
    answer = await scene.one(command)
    must(answer.key == command.effect.key, f"record key {command.effect.key!r}", repr(answer.key))
    kind = dict(answer.headers).get("content-type", b"")
    wanted = CONTENT_TYPE.partition(b";")[0]
    must(kind.startswith(wanted), f"header content-type {wanted.decode()}", repr(kind))


async def large_ids(scene: Scene) -> None:
    """The largest saga id there can be: a number that is not a string would not survive JSON."""
    command = scene.do(scene.effect(saga=LARGEST))
    answer = await scene.one(command)
    succeeded(answer, f"a do of saga {LARGEST}")
    _copied(command, answer)


async def trace(scene: Scene) -> None:
    """The trace of the command comes back."""
    answer = await scene.one(scene.do(scene.effect(), traceparent=TRACE))
    found = answer.message.get("traceparent")
    must(found == TRACE, f"traceparent {TRACE}", short(found))


async def unknown_parts(scene: Scene) -> None:
    """Attributes and fields of data that a newer writer might add."""
    command = scene.do(scene.effect(), futureattribute="x", anotherone=7)
    command.data.update(field_of_the_future={"a": [1, None]}, another_one="x")
    succeeded(await scene.one(command), "a do with unknown attributes and fields")


def _copied(command: Command, answer: Answer) -> None:
    wanted = {"specversion": "1.0", **command.copied()}
    for name, value in wanted.items():
        found = answer.message.get(name)
        must(found == value, f"{name} {short(value)}", f"{name} {short(found)}")
    try:
        decode(REPLY, answer.value)
    except MalformedMessage as error:
        must(False, "a reply as docs/protocol.md describes it", str(error))


CHECKS: Final = (
    Check("answered", "every command is answered", DO, answered),
    Check("place", "the reply goes to replytopic and replypartition", DO, place),
    Check("attributes", "the command's attributes are copied, ids as strings", DO, attributes),
    Check("identity", "the reply's id is the idempotency key and the attempt", DO, identity),
    Check("record", "keyed by the saga, with a content type", DO, record),
    Check("large-ids", f"ids up to {LARGEST} survive", DO, large_ids),
    Check("trace", "traceparent is carried back", DO, trace),
    Check("unknown-parts", "unknown attributes and fields are ignored", DO, unknown_parts),
)
