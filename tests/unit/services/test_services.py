"""The four services: what they do, what they refuse, and that their books balance."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.inventory import ReserveStock, RestoreStock
from contracts.messages import Command
from contracts.payment import ChargePayment, RefundPayment
from contracts.product import QuoteProduct
from contracts.shipping import CancelShipment, ScheduleShipment
from infra.boundaries import OUTSIDE
from infra.datastore import migrate, open_database, transaction
from services import inventory, orders, payment, product, seed, shipping
from services.participant import Participant, SeedError
from services.participant.database import Database
from tests.databases import schema_of, schema_of_script
from tests.unit.services.desk import Desk

PARTICIPANTS = [
    product.participant,
    payment.participant,
    inventory.participant,
    shipping.participant,
    orders.participant,
]
MakeDesk = Callable[[Participant], Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[MakeDesk]:
    made: list[Desk] = []

    def make(participant: Participant) -> Desk:
        made.append(Desk(participant, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


def charge(order_id: int, user_id: int = 1, amount: int = 1_000, currency: str = "EUR"):
    return ChargePayment(order_id=order_id, user_id=user_id, amount=amount, currency=currency)


def ship(order_id: int, user_id: int = 1):
    return ScheduleShipment(order_id=order_id, user_id=user_id, product_id=1, quantity=1)


@pytest.mark.parametrize("participant", PARTICIPANTS, ids=lambda p: p.name)
def test_schema_is_the_sum_of_the_migrations(participant: Participant, tmp_path: Path):
    db = open_database(tmp_path / participant.database)
    migrate(db, participant.package, OUTSIDE)
    script = files(participant.package).joinpath("schema.sql").read_text(encoding="utf-8")
    assert schema_of(db) == schema_of_script(script)
    db.close()


async def test_product_quotes_what_it_has(desk: MakeDesk):
    bench = desk(product.participant)
    outcome, quoted = await bench.ask(QuoteProduct(product_id=1, quantity=2))
    assert outcome == "succeeded"
    assert (quoted["unit_price"], quoted["amount"], quoted["currency"]) == (24_900, 49_800, "EUR")
    unknown = QuoteProduct(product_id=404, quantity=1)
    assert await bench.refusal(unknown) == ("product_not_found", 404)
    another_tenant = await bench.ask(QuoteProduct(product_id=1, quantity=1), tenant="2")
    assert another_tenant[0] == "refused"


async def test_payment_charges_what_is_there_and_gives_it_back_once(desk: MakeDesk):
    bench = desk(payment.participant)
    charged = await bench.ask(charge(7))
    assert charged == ("succeeded", {"payment_id": 1, "amount": 1_000, "currency": "EUR"})
    assert bench.db.execute("SELECT balance FROM accounts WHERE user_id = 1").fetchone() == (
        499_000,
    )
    for _ in range(2):  # as an undo of one saga, and as a step of another
        refunded = await bench.ask(RefundPayment(order_id=7))
        assert refunded == ("succeeded", {"amount": 1_000, "currency": "EUR"})
    assert bench.db.execute("SELECT balance FROM accounts WHERE user_id = 1").fetchone() == (
        500_000,
    )
    nothing = await bench.ask(RefundPayment(order_id=8))
    assert nothing == ("succeeded", {"amount": 0, "currency": "XXX"})
    assert bench.books().balanced


async def test_payment_refuses(desk: MakeDesk):
    bench = desk(payment.participant)
    assert await bench.refusal(charge(1, user_id=2, amount=1_001)) == ("insufficient_funds", 409)
    assert await bench.refusal(charge(2, user_id=99)) == ("account_not_found", 409)
    assert await bench.refusal(charge(3, user_id=6)) == ("account_not_found", 409)
    assert await bench.refusal(charge(4, amount=2**70)) == ("insufficient_funds", 409)
    assert (await bench.ask(charge(5), tenant="2"))[0] == "refused"


@pytest.mark.parametrize(
    ("participant", "do", "undo", "code"),
    [
        (payment.participant, charge(7), RefundPayment(order_id=7), "already_charged"),
        (
            inventory.participant,
            ReserveStock(order_id=7, product_id=1, quantity=1),
            RestoreStock(order_id=7),
            "already_reserved",
        ),
        (shipping.participant, ship(7), CancelShipment(order_id=7), "already_scheduled"),
    ],
)
async def test_an_order_is_served_once_by_one_saga(
    desk: MakeDesk, participant: Participant, do: Command, undo: Command, code: str
):
    bench = desk(participant)
    done = await bench.ask(do, saga="50")
    assert done[0] == "succeeded"
    assert await bench.ask(do, saga="50") == done  # its own saga is answered as before
    assert await bench.refusal(do) == (code, 409)
    # the saga that was refused has nothing to undo, and what stands is not touched
    assert (await bench.ask(do, saga="51"))[0] == "refused"
    before = bench.books().rows
    assert (await bench.ask(undo, saga="51", direction="undo"))[0] == "succeeded"
    assert bench.books().rows == before
    await bench.ask(undo)  # a cancellation, in a saga of its own
    assert bench.books().rows != before
    assert await bench.refusal(do) == (code, 409)
    assert bench.books().balanced
    assert (await bench.ask(do, tenant="2"))[1].get("code") != code


async def test_inventory_reserves_what_is_there_and_puts_it_back_once(desk: MakeDesk):
    bench = desk(inventory.participant)
    wanted = ReserveStock(order_id=7, product_id=1, quantity=50)
    assert await bench.ask(wanted) == ("succeeded", {"reservation_id": 1})
    short = ReserveStock(order_id=8, product_id=1, quantity=1)
    assert await bench.refusal(short) == ("out_of_stock", 409)
    for _ in range(2):
        restored = await bench.ask(RestoreStock(order_id=7))
        assert restored == ("succeeded", {"quantity": 50})
    assert (await bench.ask(RestoreStock(order_id=9)))[1] == {"quantity": 0}
    assert (await bench.ask(short))[0] == "succeeded"
    unknown = ReserveStock(order_id=10, product_id=404, quantity=1)
    assert await bench.refusal(unknown) == ("out_of_stock", 409)
    assert bench.books().balanced


async def test_shipping_knows_where_users_live_and_when_it_will_be_there(desk: MakeDesk):
    bench = desk(shipping.participant)
    outcome, shipment = await bench.ask(ship(7))
    assert outcome == "succeeded"
    assert shipment["address"] == "Lindenallee 12, Leipzig, DE"
    assert shipment["expected_delivery"] == "2023-11-16"  # two days after the clock's date
    assert await bench.refusal(ship(8, user_id=3)) == ("address_not_served", 409)
    assert await bench.refusal(ship(9, user_id=5)) == ("address_unknown", 409)


async def test_a_shipment_is_cancelled_unless_it_has_left(desk: MakeDesk):
    bench = desk(shipping.participant)
    await bench.ask(ship(7))
    await bench.ask(ship(8))
    with transaction(bench.db, OUTSIDE):
        assert shipping.mark_left(bench.db, 1, 8)
        assert not shipping.mark_left(bench.db, 2, 7)
        assert not shipping.mark_left(bench.db, 1, 99)
    for _ in range(2):
        assert await bench.ask(CancelShipment(order_id=7)) == ("succeeded", {"shipment_id": 1})
    assert await bench.refusal(CancelShipment(order_id=8)) == ("shipment_left", 409)
    assert await bench.refusal(CancelShipment(order_id=9)) == ("shipment_not_found", 404)
    with transaction(bench.db, OUTSIDE):
        assert not shipping.mark_left(bench.db, 1, 7)
    assert bench.books().balanced
    assert [row[-1] for row in bench.books().rows] == ["cancelled", "left"]


@asynccontextmanager
async def temporary(participant: Participant) -> AsyncIterator[Desk]:
    with TemporaryDirectory() as folder:
        bench = Desk(participant, Path(folder))
        try:
            yield bench
        finally:
            bench.close()


ORDERS = st.integers(1, 4)
PAYMENTS = st.one_of(
    st.builds(charge, ORDERS, st.sampled_from([1, 2, 6, 99]), st.integers(0, 200_000)),
    st.builds(RefundPayment, order_id=ORDERS),
)
STOCK = st.one_of(
    st.builds(
        ReserveStock,
        order_id=ORDERS,
        product_id=st.integers(1, 4),
        quantity=st.integers(1, 60),
    ),
    st.builds(RestoreStock, order_id=ORDERS),
)


@settings(max_examples=40)
@given(st.lists(st.tuples(PAYMENTS, st.sampled_from(["do", "undo"]), ORDERS), max_size=20))
async def test_accounts_balance_after_anything(commands: list):
    async with temporary(payment.participant) as bench:
        for asked, direction, saga in commands:
            await bench.ask(asked, direction=direction, saga=str(saga))
        assert bench.books().balanced, bench.books()


@settings(max_examples=40)
@given(st.lists(st.tuples(STOCK, st.sampled_from(["do", "undo"]), ORDERS), max_size=20))
async def test_stock_adds_up_after_anything(commands: list):
    async with temporary(inventory.participant) as bench:
        for asked, direction, saga in commands:
            await bench.ask(asked, direction=direction, saga=str(saga))
        assert bench.books().balanced, bench.books()


def test_books_that_do_not_balance_say_so(tmp_path: Path):
    bench = Desk(payment.participant, tmp_path)
    bench.db.execute("UPDATE accounts SET balance = balance + 1 WHERE user_id = 1")
    wrong = [check for check in bench.books().checks if not check.holds]
    assert [(check.what, check.found - check.expected) for check in wrong] == [
        ("balance of user 1 in EUR", 1)
    ]
    bench.close()


def test_seed_data_is_loaded_once_and_kept(tmp_path: Path):
    for balance in (500_000, 1):
        bench = Desk(payment.participant, tmp_path)
        found = bench.db.execute("SELECT balance FROM accounts WHERE user_id = 1").fetchone()[0]
        assert found == balance
        bench.db.execute("UPDATE accounts SET balance = 1 WHERE user_id = 1")
        bench.close()


def test_wrong_seed_data_is_refused_with_its_place(tmp_path: Path):
    with pytest.raises(SeedError, match=r"payment: accounts\.0\.balance"):
        Database(payment.participant, tmp_path, {"accounts": [{"user_id": 1, "currency": "EUR"}]})
    for text in ("{", "[]", '{"payment": 1}'):
        file = tmp_path / "seed.json"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SeedError, match=r"seed\.json"):
            seed.load(file)
    with pytest.raises(SeedError, match=r"missing\.json"):
        seed.load(tmp_path / "missing.json")
