"""Orders over a crash and on a full disk: asked again, or not taken."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.testing import capture_logs

from services.orders.sweeper import EVERY_S, sweep
from tests.unit.services.placing import AT_ONCE, BODY, KEY, completed
from tests.unit.services.shop import Shop


async def test_what_a_crash_left_unasked_is_asked_again(shop: Shop):
    shop.broker_is_away = True
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    await shop.tell(completed(7))
    async with shop.client() as client:
        await client.post("/orders/7/cancel", headers=AT_ONCE)
    shop.broker_is_away = False
    await sweep(shop, everything=False)
    assert not shop.asked, "it may still be on its way"
    shop.clock.advance(int(EVERY_S * 1_000))
    await sweep(shop, everything=False)
    expected = ["order-1", "order-7-cancel-1"]
    assert [start["requestkey"] for start in shop.asked] == expected
    await sweep(shop, everything=False)
    assert len(shop.asked) == 2
    await sweep(shop, everything=True)
    assert [start["requestkey"] for start in shop.asked] == expected * 2


@contextmanager
def full_disk(db: sqlite3.Connection, write: str) -> Iterator[None]:
    """Every such write to the orders needs more pages than the disk has."""
    db.execute("CREATE TABLE ballast (x)")
    db.execute(
        f"CREATE TEMP TRIGGER heavy AFTER {write} ON orders"
        " BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END"
    )
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    yield
    db.execute("PRAGMA max_page_count = 1000000")
    db.execute("DROP TRIGGER heavy")


async def test_on_a_full_disk_an_order_is_not_taken_and_the_log_has_one_line(shop: Shop):
    with full_disk(shop.db, "INSERT"):
        async with shop.client() as client:
            with capture_logs() as lines:
                answer = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "database_unavailable")
    assert told["detail"] == "the database cannot be written: database or disk is full"
    assert answer.headers["idempotency-key"] == told["idempotencyKey"] == "k1"
    assert "retry-after" in answer.headers
    assert [line["event"] for line in lines] == ["nothing is taken"]
    assert "exc_info" not in lines[0]
    async with shop.client() as client:
        again = await client.post("/orders", json=BODY, headers=KEY | AT_ONCE)
    assert (again.status_code, again.json()["orderId"]) == (202, 1)


async def test_a_start_that_cannot_be_noted_on_a_full_disk_is_asked_again(shop: Shop):
    async with shop.client() as client:
        await client.post("/orders", json=BODY, headers=AT_ONCE)
    await shop.last_start()
    with full_disk(shop.db, "UPDATE"), capture_logs() as lines:
        await sweep(shop, everything=True)
    assert [line["event"] for line in lines] == ["start not noted"]
    assert len(shop.asked) == 2
