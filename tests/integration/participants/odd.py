"""A stage for odd participants: one saga that charges a real payment service, then asks a scripted
one.

Time stands still unless a test moves it, for the orchestrator and for the service.
"""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from contracts.topics import DEFAULT_TENANT, REPLIES
from infra.broker.settings import BrokerSettings
from infra.clock import Clock, ManualClock
from orchestrator.admin.told import told
from orchestrator.definition.nodes import Call, Definition, Retry, Step, version
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.facts import Fact, Ignored
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.rows import SagaRow
from services import payment, seed
from services.participant import ParticipantRunner, Shared
from tests.integration.runtime.stage import TOPICS, eventually, reply_to, step
from tests.integration.services.conftest import Peer

PAYMENT = "payment.commands"
ON_THE_WAY = "slow.commands"
"""A topic that nobody reads: what is sent there is still on its way to the payment service."""
PLACES = {**TOPICS, PAYMENT: 1, ON_THE_WAY: 1}
NOW = 1_700_000_000_000
OPENING = 500_000
AMOUNT = 1_000
TIMEOUT_MS = 30_000
INPUT = {"order": 7, "user_id": 1, "amount": AMOUNT, "currency": "EUR"}

F = TypeVar("F", bound=Fact)


class Payment(BaseModel):
    """What the saga is about."""

    order: int
    user_id: int
    amount: int
    currency: str


def paying(topic: str = PAYMENT) -> Saga:
    """Charge by way of this topic, then step ``second``; undone by way of the usual one."""
    fields = {n: f"input.{n}" for n in ("user_id", "amount", "currency")}
    fields["order_id"] = "input.order"
    retry = Retry(attempts=2, initial_ms=50, maximum_ms=50)
    charge = Step(
        name="payment",
        kind="compensatable",
        do=Call("ChargePayment", topic, fields),
        undo=Call("RefundPayment", PAYMENT, {"order_id": "input.order"}),
        timeout_ms=TIMEOUT_MS,
        retry=retry,
        undo_timeout_ms=TIMEOUT_MS,
        undo_retry=retry,
        refusals={"insufficient_funds": 409},
    )
    definition = Definition("pay", {}, (charge, step("second")))
    return Saga(definition, Payment, version(definition))


@asynccontextmanager
async def paid_by(broker: BrokerSettings, folder: Path, clock: Clock) -> AsyncIterator[None]:
    """The real payment service on the database of this folder."""
    seeds = seed.load()["payment"]
    async with ParticipantRunner(
        payment.participant, broker, folder, seed=seeds, shared=Shared(clock)
    ) as it:
        await it.ready()
        yield


@asynccontextmanager
async def peer_of(broker: BrokerSettings) -> AsyncIterator[Peer]:
    """Somebody who reads and writes what is not his."""
    peer = Peer(broker)
    await peer.start()
    try:
        yield peer
    finally:
        await peer.stop()


async def begin(orchestrator: Orchestrator, definition: str, given: dict[str, Any]) -> int:
    """Start a saga; its id once it is in the log."""
    await orchestrator.door.start(definition, "key", given)
    row = await orchestrator.wait(DEFAULT_TENANT, definition, "key", 30)
    assert row is not None
    return row.id


async def ended(orchestrator: Orchestrator, saga: int) -> SagaRow:
    """The saga once it has ended."""
    row = await orchestrator.wait_saga(saga, 30)
    assert row is not None and row.status in ("completed", "failed")
    return row


def facts(orchestrator: Orchestrator, saga: int, kind: type[F]) -> list[F]:
    """Its facts of a kind, in order."""
    history = orchestrator.reader.history(saga)
    return [fact for t in history for fact in t.facts if isinstance(fact, kind)]


async def ignored(orchestrator: Orchestrator, saga: int, count: int) -> list[str]:
    """What the history says of so many answers that changed nothing, in the words of the CLI."""
    await eventually(lambda: len(facts(orchestrator, saga, Ignored)) >= count)
    return [told(fact)[1] for fact in facts(orchestrator, saga, Ignored)]


async def until(clock: ManualClock, true: Callable[[], Any]) -> None:
    """Let time pass, half a second at a look, until it is true; nobody is there to answer."""

    def passing() -> bool:
        if true():
            return True
        clock.advance(500)
        return False

    await eventually(passing)


async def answer(peer: Peer, command: dict[str, Any], outcome: str, data: dict[str, Any]) -> None:
    """An answer to this command, by whomever."""
    raw = json.dumps(reply_to(command, outcome, data)).encode()
    await peer.send(REPLIES, raw, partition=command["replypartition"])


class Money(NamedTuple):
    """What the payment service's database says of user 1."""

    balance: int
    charges: int
    refunds: int


def money(folder: Path) -> Money:
    """Read it from the file."""
    with closing(sqlite3.connect(folder / "payment.db")) as db:
        row = db.execute(
            "SELECT balance, (SELECT count(*) FROM charges), (SELECT count(*) FROM refunds)"
            " FROM accounts WHERE user_id = 1"
        ).fetchone()
    return Money(*row)


def copy(source: Path, target: Path) -> None:
    """Back a stopped service's database up, or restore it: what is in the target goes."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
