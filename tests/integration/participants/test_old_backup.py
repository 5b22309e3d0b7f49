"""The real payment service is restored from a copy that is older than what it has answered."""

import json
from pathlib import Path

from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from orchestrator.engine.facts import Failed, Succeeded
from tests.brokers import MakeTopics
from tests.integration.participants.odd import (
    AMOUNT,
    INPUT,
    NOW,
    OPENING,
    PAYMENT,
    PLACES,
    TIMEOUT_MS,
    Money,
    answer,
    begin,
    copy,
    ended,
    facts,
    ignored,
    money,
    paid_by,
    paying,
    peer_of,
)
from tests.integration.runtime.stage import eventually, participant, refuse, running
from tests.integration.services.conftest import Peer

NEW = Money(OPENING, 0, 0)
CHARGED = Money(OPENING - AMOUNT, 1, 0)
REFUNDED = Money(OPENING, 1, 1)


async def empty(broker: BrokerSettings, folder: Path, clock: ManualClock) -> None:
    """The service's database as it is before its first command."""
    async with paid_by(broker, folder, clock):
        pass


async def send_again(peer: Peer, count: int) -> None:
    """The first commands of the service once more, as with its group's offsets set back."""
    for command in await peer.read(PAYMENT, count):
        await peer.send(PAYMENT, command.value or b"", key=command.key or b"")


async def codes(peer: Peer, saga: int, count: int) -> list[str]:
    """What the payment service said, among so many replies: the code of a fault, or the type."""
    replies = await peer.read("saga.replies", count, saga & 1023)
    bodies = [json.loads(reply.value or b"") for reply in replies]
    return [b["data"].get("code", b["type"]) for b in bodies if b["step"] == "payment"]


async def test_the_charge_is_lost_before_its_undo(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """The undo finds nothing to undo in this database, and nothing is refunded from thin air."""
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    folder, backup = tmp_path / "pay", tmp_path / "backup"
    await empty(kafka_broker, folder, clock)
    copy(folder, backup)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path / "log", paying(), clock=clock) as orchestrator,
        participant(kafka_broker, lambda _command: None) as work,
    ):
        number = await begin(orchestrator, "pay", INPUT)
        async with paid_by(kafka_broker, folder, clock):
            await eventually(lambda: work.commands)
        assert money(folder) == CHARGED
        copy(backup, folder)
        await answer(peer, work.commands[0], "refused", {"code": "no", "reason": "no"})
        async with paid_by(kafka_broker, folder, clock):
            assert (await ended(orchestrator, number)).status == "failed"
        (end,) = facts(orchestrator, number, Failed)
        assert end.undone == ("payment",)
    assert money(folder) == NEW


async def test_the_charge_is_lost_and_its_command_read_again(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """In time, as with the group's offsets set back: it is charged once, as before."""
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    folder, backup = tmp_path / "pay", tmp_path / "backup"
    await empty(kafka_broker, folder, clock)
    copy(folder, backup)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path / "log", paying(), clock=clock) as orchestrator,
        participant(kafka_broker, lambda _command: None) as work,
    ):
        number = await begin(orchestrator, "pay", INPUT)
        async with paid_by(kafka_broker, folder, clock):
            await eventually(lambda: work.commands)
        copy(backup, folder)
        await send_again(peer, 1)
        async with paid_by(kafka_broker, folder, clock):
            (why_not,) = await ignored(orchestrator, number, 1)
        assert "payment: duplicate or late: the step is done" in why_not
        await answer(peer, work.commands[0], "succeeded", {})
        assert (await ended(orchestrator, number)).status == "completed"
        assert len(facts(orchestrator, number, Succeeded)) == 2
    assert money(folder) == CHARGED


async def test_the_refund_is_lost_and_everything_read_again(
    kafka_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Long after: the do and the undo are expired. Nothing is done again, neither a second charge
    nor a refund; the history has the answers, the books still have the charge.
    """
    await make_topics(kafka_broker, PLACES)
    clock = ManualClock(NOW)
    folder, backup, older = tmp_path / "pay", tmp_path / "backup", tmp_path / "older"
    await empty(kafka_broker, folder, clock)
    copy(folder, older)
    async with (
        peer_of(kafka_broker) as peer,
        running(kafka_broker, tmp_path / "log", paying(), clock=clock) as orchestrator,
        participant(kafka_broker, lambda _command: None) as work,
    ):
        number = await begin(orchestrator, "pay", INPUT)
        async with paid_by(kafka_broker, folder, clock):
            await eventually(lambda: work.commands)
        copy(folder, backup)
        work.behave = refuse("second")
        await answer(peer, work.commands[0], "refused", {"code": "no", "reason": "no"})
        async with paid_by(kafka_broker, folder, clock):
            assert (await ended(orchestrator, number)).status == "failed"
        assert money(folder) == REFUNDED
        clock.advance(10 * TIMEOUT_MS)
        seen = 2
        for copied, left in ((older, NEW), (backup, CHARGED)):
            copy(copied, folder)
            await send_again(peer, 2)
            async with paid_by(kafka_broker, folder, clock):
                for line in await ignored(orchestrator, number, seen):
                    assert "the saga has ended (failed)" in line
            assert money(folder) == left
            seen += 2
        assert await codes(peer, number, 7) == [
            *("PaymentCharged", "PaymentRefunded"),
            *("expired", "expired"),  # of the copy that knows nothing
            *("PaymentCharged", "expired"),  # of the copy that knows the charge
        ]
