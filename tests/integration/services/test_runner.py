"""A running participant on a broker: nothing lost, nothing doubled, whatever stops in between."""

import asyncio
import time
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from infra.datastore import FolderInUse
from services import payment, seed
from services.participant import ParticipantRunner
from services.participant.delivery import Delivery, Parcel
from tests.brokers import free_port
from tests.integration.services.conftest import Peer, eventually
from tests.unit.services import messages

SEED = seed.load()["payment"]


def payment_runner(broker: BrokerSettings, folder: Path) -> ParticipantRunner:
    return ParticipantRunner(payment.participant, broker, folder, seed=SEED)


def charge(peer: Peer, order_id: int, **changes: object) -> bytes:
    """Charge user 1 ten euros for this order, in a saga of the same number."""
    data = {"order_id": order_id, "user_id": 1, "amount": 1_000, "currency": "EUR"}
    changes = {"saga": str(order_id), "step": "payment", **changes}
    return messages.command(
        "ChargePayment",
        data,
        replytopic=peer.broker.topic("saga.replies"),
        deadline=str(int(time.time() * 1_000) + 60_000),
        **changes,
    )


def charged(runner: ParticipantRunner) -> int:
    return runner.reader.execute("SELECT count(*) FROM charges").fetchone()[0]


async def test_commands_are_answered_and_committed(peer: Peer, tmp_path: Path):
    async with payment_runner(peer.broker, tmp_path) as runner:
        await runner.ready()
        await peer.send("payment.commands", *(charge(peer, n) for n in (1, 2)))
        await peer.send("payment.commands", charge(peer, 3), b"not JSON", partition=1)
        replies = await peer.replies(3)
        assert {answer["saga"] for answer in replies} == {1, 2, 3}
        assert {answer["outcome"] for answer in replies} == {"succeeded"}
        (letter,) = await peer.read("saga.dead-letters", 1)
        assert letter.value == b"not JSON"
        await eventually(lambda: runner.health().lag == 0)
        assert payment.participant.books(runner.reader).balanced
        assert charged(runner) == 3
    # all of it was committed: a restart reads nothing again
    async with payment_runner(peer.broker, tmp_path) as runner:
        await runner.ready()
        await peer.send("payment.commands", charge(peer, 4))
        assert [answer["saga"] for answer in await peer.replies(4)][-1] == 4
        assert runner.health().counts == {"succeeded": 1}


async def test_killed_between_commit_and_reply_the_stored_reply_is_sent(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def lost(_delivery: Delivery, outgoing: list) -> list[Parcel]:
        return [Parcel(outgoing, asyncio.get_running_loop().create_future())]

    with monkeypatch.context() as patch:
        patch.setattr(Delivery, "submit", lost)
        async with payment_runner(peer.broker, tmp_path) as runner:
            await peer.send("payment.commands", charge(peer, 1))
            await eventually(lambda: charged(runner))
    async with payment_runner(peer.broker, tmp_path) as runner:
        (answer,) = await peer.replies(1)
        assert answer["data"] == {"payment_id": 1, "amount": 1_000, "currency": "EUR"}
        assert charged(runner) == 1
        assert runner.health().counts == {"repeated": 1}


async def test_a_reply_to_nowhere_is_a_dead_letter_and_stalls_nobody(peer: Peer, tmp_path: Path):
    nowhere = charge(peer, 1, replypartition=77)
    async with payment_runner(peer.broker, tmp_path) as runner:
        await peer.send("payment.commands", nowhere, charge(peer, 2))
        (letter,) = await peer.read("saga.dead-letters", 1)
        (answer,) = await peer.replies(1)
        assert letter.value == nowhere
        assert answer["saga"] == 2
        await eventually(lambda: runner.health().lag == 0)


async def test_a_full_disk_acknowledges_nothing_and_says_so(peer: Peer, tmp_path: Path):
    async with payment_runner(peer.broker, tmp_path) as runner:
        await runner.ready()
        writer = runner.database.writer
        async with runner.database.turn:
            pages = writer.execute("PRAGMA page_count").fetchone()[0]
            writer.execute(f"PRAGMA max_page_count = {pages}")
        await peer.send("payment.commands", *(charge(peer, n) for n in range(1, 101)))
        await eventually(lambda: not runner.health().ready)
        assert any("full" in reason for reason in runner.health().reasons)
        assert charged(runner) == 0
        writer.execute("PRAGMA max_page_count = 1000000")
        replies = await peer.replies(100)
        assert {answer["outcome"] for answer in replies} == {"succeeded"}
        await runner.ready()


async def test_a_second_process_on_the_same_database_is_refused(peer: Peer, tmp_path: Path):
    async with payment_runner(peer.broker, tmp_path):
        with pytest.raises(FolderInUse):
            await payment_runner(peer.broker, tmp_path).start()


async def test_without_a_broker_it_says_so_and_stops_at_once(tmp_path: Path):
    broker = BrokerSettings.local(f"127.0.0.1:{free_port()}")
    runner = payment_runner(broker, tmp_path)
    await runner.start()
    await eventually(lambda: any(broker.address in r for r in runner.health().reasons))
    async with asyncio.timeout(10):
        await runner.stop()
    assert runner.health().reasons == ("not running",)
