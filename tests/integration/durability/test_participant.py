"""The power goes at any sync of a participant's database: what was answered is there, whole.

A reply goes out once ``handle`` has returned. Its effect and the stored reply must then be on the
disk, together; what is not answered may be there or not, but not by halves.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from contracts.topics import saga_id
from infra.boundaries import OUTSIDE
from infra.broker.settings import BrokerSettings
from infra.clock import ManualClock
from infra.datastore import connection as datastore
from infra.datastore import migrate, open_database, transaction
from services import payment, seed
from services.participant import inbox
from services.participant.batch import BatchHandler
from services.participant.effects import effects
from services.participant.settings import ServiceSettings
from tests.integration.durability.connection import Connection
from tests.integration.durability.disk import Committed, Cut, Disk, Sync, cuts
from tests.unit.services.messages import NOW, Consumed, command

BATCHES = 25
TOGETHER = 4
OFTEN = 30
FILE = "payment.db"


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that remembers."""
    disk = Disk(f"participant-{tmp_path.name}")
    yield disk
    disk.unregister()


def open_payment(file: Path, disk: Disk, *pragmas: str) -> sqlite3.Connection:
    """As a participant opens its database, on a disk that is watched."""
    real = Connection(file, disk)
    db = cast(sqlite3.Connection, real)
    datastore._configure(db, False)  # pylint: disable=protected-access  # the very ones
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}")
    real.checkpoint_at(OFTEN)
    migrate(db, payment.participant.package, OUTSIDE)
    inbox.prepare(db)
    with transaction(db, OUTSIDE):
        assert payment.participant.seed is not None
        payment.participant.seed(db, seed.load()["payment"])
    return db


def message(kind: str, order: int, direction: str) -> Consumed:
    """A command of the saga of this order."""
    data = {"order_id": order, "user_id": 1, "amount": 100, "currency": "EUR"}
    fields = data if kind == "ChargePayment" else {"order_id": order, "payment_id": order}
    raw = command(kind, fields, saga=str(saga_id(order, 0)), step="payment", direction=direction)
    return Consumed(raw, "payment.commands")


def of_batch(number: int) -> list[Consumed]:
    """The charges of this batch, and the refunds of every other one of those before it."""
    orders = range((number - 1) * TOGETHER + 1, number * TOGETHER + 1)
    before = range((number - 2) * TOGETHER + 1, (number - 1) * TOGETHER + 1, 2)
    undone = [message("RefundPayment", order, "undo") for order in before if number > 1]
    return [message("ChargePayment", order, "do") for order in orders] + undone


async def run(file: Path, disk: Disk, *pragmas: str) -> None:
    """Handle batches, each reported when it is committed; the file is not closed."""
    db = open_payment(file, disk, *pragmas)
    disk.log.append(Committed(0))
    broker = BrokerSettings.local("127.0.0.1:1")
    settings = ServiceSettings()
    handler = BatchHandler(payment.participant, db, broker, ManualClock(NOW), settings)
    for number in range(1, BATCHES + 1):
        outcome = await handler.handle(of_batch(number))
        assert outcome.counts["succeeded"] == len(of_batch(number)), outcome.counts
        disk.log.append(Committed(number))
    before = len(disk.log)
    db.close()  # to be taken back: a power cut closes nothing
    del disk.log[before:]


def found_after(cut: Cut, folder: Path) -> int:
    """How many batches are there when the machine is on again, each whole."""
    folder.mkdir()
    for name, data in cut.image.items():
        (folder / name).write_bytes(data)
    with closing(open_database(folder / FILE)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert payment.participant.books(db).balanced
        (charged,) = db.execute("SELECT count(*) FROM charges").fetchone()
        count, rest = divmod(charged, TOGETHER)
        assert rest == 0
        for order in range(1, charged + 1):
            last = order > (count - 1) * TOGETHER
            wanted = {("payment", "do", "succeeded")}
            if order % 2 == 1 and not last:
                wanted.add(("payment", "undo", "succeeded"))
            assert set(effects(db, 1, saga_id(order, 0))) == wanted, order
    return int(count)


async def test_nothing_that_was_answered_is_lost(tmp_path: Path, disk: Disk) -> None:
    """Before the first batch too: then the database may lack its tables, but opens."""
    await run(tmp_path / FILE, disk)
    assert sum(isinstance(one, Sync) and one.name == FILE for one in disk.log) > 3
    ready = next(n for n, one in enumerate(disk.log) if isinstance(one, Committed))
    number = 0
    for number, cut in enumerate(cuts(disk.log, random.Random(7))):
        if _place(cut) > ready:
            found = found_after(cut, tmp_path / f"cut-{number}")
            assert cut.reported <= found <= cut.reported + 1, cut.place
    assert number > 5 * BATCHES


async def test_without_syncs_the_check_finds_what_is_lost(tmp_path: Path, disk: Disk) -> None:
    """So that the one above can fail."""
    await run(tmp_path / FILE, disk, "synchronous = NORMAL")
    ready = next(n for n, one in enumerate(disk.log) if isinstance(one, Committed))
    lost = 0
    for number, cut in enumerate(cuts(disk.log, random.Random(7))):
        if _place(cut) > ready:
            try:
                lost += found_after(cut, tmp_path / f"cut-{number}") < cut.reported
            except sqlite3.OperationalError:  # it has not even its tables
                lost += 1
    assert lost


def _place(cut: Cut) -> int:
    """The number of the operation before which the power went."""
    return int(cut.place.split(" before operation ")[1].split(" ")[0])
