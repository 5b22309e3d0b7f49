"""What product, payment and shipping do for the lifecycle of an order, round after round."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.address import Address
from contracts.payment import ChargeOrder, RefundOrder
from contracts.product import Item, QuoteItems
from contracts.shipping import DispatchCarrier, PreparePackage, UnpreparePackage
from services import payment, product, shipping
from services.participant import Participant
from tests.unit.services.desk import Desk

MakeDesk = Callable[[Participant], Desk]
LEIPZIG = Address(street="Lindenallee 12", city="Leipzig", zip_code="04317", country="DE")
BASEL = Address(street="Rheingasse 7", city="Basel", zip_code="4058", country="CHE")
MCMURDO = Address(street="Station Road 1", city="McMurdo", zip_code="96599", country="AQ")
UNDO = {"direction": "undo"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[MakeDesk]:
    made: list[Desk] = []

    def make(participant: Participant) -> Desk:
        made.append(Desk(participant, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


async def test_product_quotes_each_product_that_there_is_once(desk: MakeDesk) -> None:
    bench = desk(product.participant)
    wanted = [Item(product_id=n, quantity=q) for n, q in ((3, 1), (404, 1), (9, -1), (3, 5))]
    outcome, quoted = await bench.ask(QuoteItems(items=wanted))
    assert outcome == "succeeded"
    assert quoted["prices"] == [
        {"product_id": 3, "name": "Coffee grinder", "unit_price": 11_900, "currency": "EUR"},
        {"product_id": 9, "name": "Paper filters", "unit_price": 300, "currency": "EUR"},
    ]
    assert (await bench.ask(QuoteItems(items=[]))) == ("succeeded", {"prices": []})
    assert (await bench.ask(QuoteItems(items=wanted), tenant="2"))[1] == {"prices": []}


def pay(order: str = "order-1", payment_id: str = "p-1", amount: int = 100) -> ChargeOrder:
    return ChargeOrder(order_id=order, payment_id=payment_id, amount=amount, currency="EUR")


def back(order: str = "order-1", payment_id: str = "p-1") -> RefundOrder:
    return RefundOrder(order_id=order, payment_id=payment_id)


def statuses(bench: Desk) -> list[Any]:
    return bench.db.execute("SELECT payment_id, order_id, status FROM payments").fetchall()


def noted(bench: Desk) -> list[Any]:
    return bench.db.execute("SELECT status, saga, round FROM payment_events").fetchall()


async def test_a_payment_is_made_once_and_given_back_once(desk: MakeDesk) -> None:
    bench = desk(payment.participant)
    first = await bench.ask(pay(), saga="7")
    assert first == ("succeeded", {"charge_id": 1})
    assert await bench.ask(pay(), saga="7", attempt=2) == first
    assert await bench.ask(pay(), saga="7", round=2) == first, "a new round of the same saga"
    assert noted(bench) == [("charged", 7, 1)]
    for number in (1, 2):
        undone = await bench.ask(back(), saga="7", round=number, **UNDO)
        assert undone[0] == "succeeded"
    assert statuses(bench) == [("p-1", "order-1", "refunded")]
    assert noted(bench) == [("charged", 7, 1), ("refunded", 7, 1)]
    assert bench.books().balanced


async def test_a_payment_of_one_order_is_none_of_another(desk: MakeDesk) -> None:
    bench = desk(payment.participant)
    await bench.ask(pay(), saga="7")
    assert await bench.refusal(pay("order-2")) == ("payment_id_used", 409)
    assert await bench.refusal(pay()) == ("payment_id_used", 409), "another saga of that order"
    assert (await bench.ask(back("order-2"), saga="8"))[1] == {"amount": 0, "currency": "XXX"}
    assert (await bench.ask(back(payment_id="p-2"), saga="9"))[1]["amount"] == 0
    assert (await bench.ask(pay("order-2"), tenant="2"))[0] == "succeeded", "ids are a tenant's own"
    assert statuses(bench) == [("p-1", "order-1", "charged"), ("p-1", "order-2", "charged")]


async def test_what_was_given_back_is_paid_anew_in_a_new_round(desk: MakeDesk) -> None:
    bench = desk(payment.participant)
    await bench.ask(pay(), saga="7")
    await bench.ask(back(), saga="7", **UNDO)
    assert (await bench.ask(pay(amount=300), saga="7", round=2))[0] == "succeeded"
    assert [row[0] for row in noted(bench)] == ["charged", "refunded", "charged"]
    assert bench.books().balanced
    assert (await bench.ask(back(), saga="7", round=2, **UNDO))[1]["amount"] == 300


async def test_books_of_payments_that_do_not_add_up_say_so(desk: MakeDesk) -> None:
    bench = desk(payment.participant)
    await bench.ask(pay())
    bench.db.execute("UPDATE payments SET status = 'refunded'")
    wrong = [
        (check.what, check.expected, check.found)
        for check in bench.books().checks
        if not check.holds
    ]
    assert wrong == [
        ("payments of orders in EUR", 100, 0),
        ("payments of orders that do not add up", 0, 1),
    ]


def prepare(address: Address = LEIPZIG, order: str = "order-1") -> PreparePackage:
    items = [Item(product_id=3, quantity=1)]
    return PreparePackage(order_id=order, items=items, address=address)


def unprepare() -> UnpreparePackage:
    return UnpreparePackage(order_id="order-1")


def dispatch(package: int = 1) -> DispatchCarrier:
    return DispatchCarrier(order_id="order-1", package_id=package)


STEP = {"saga": "7", "step": "prepare"}


def packages(bench: Desk) -> list[Any]:
    rows = bench.db.execute("SELECT order_id, saga, status, address FROM packages").fetchall()
    return [(*row[:3], json.loads(row[3])["city"]) for row in rows]


def story(bench: Desk) -> list[Any]:
    rows = bench.db.execute("SELECT status, round, address FROM package_events").fetchall()
    return [(*row[:2], json.loads(row[2])["city"]) for row in rows]


async def test_a_package_is_prepared_for_another_address_and_dispatched(desk: MakeDesk) -> None:
    bench = desk(shipping.participant)
    first = await bench.ask(prepare(), **STEP)
    assert first[1] == {"package_id": 1, "shipped_to": "Lindenallee 12, 04317 Leipzig, DE"}
    assert await bench.ask(prepare(), **STEP, attempt=2) == first
    again = await bench.ask(prepare(BASEL), **STEP, round=2)
    assert again[1] == {"package_id": 1, "shipped_to": "Rheingasse 7, 4058 Basel, CHE"}
    sent = await bench.ask(dispatch(), saga="7", step="dispatch")
    assert sent[1] == {
        "carrier": "Parcel Post",
        "tracking_number": "PP0000000001",
        "dispatched_at": "2023-11-14T22:13:20.000+00:00",
    }
    assert await bench.ask(dispatch(), saga="7", step="dispatch", round=2) == sent
    assert story(bench) == [
        ("prepared", 1, "Leipzig"),
        ("prepared", 2, "Basel"),
        ("dispatched", 1, "Basel"),
    ]
    assert packages(bench) == [("order-1", 7, "dispatched", "Basel")]
    for asked, code in ((prepare(), "already_dispatched"), (unprepare(), "already_dispatched")):
        late = await bench.ask(asked, saga="7", step="late", round=3)
        assert (late[0], late[1]["code"]) == ("refused", code)
    assert bench.books().balanced


async def test_a_new_address_that_is_not_served_leaves_the_package_as_it_was(
    desk: MakeDesk,
) -> None:
    bench = desk(shipping.participant)
    await bench.ask(prepare(), **STEP)
    refused = await bench.ask(prepare(MCMURDO), **STEP, round=2)
    assert (refused[0], refused[1]["code"]) == ("refused", "address_not_served")
    assert packages(bench) == [("order-1", 7, "prepared", "Leipzig")]
    undone = await bench.ask(unprepare(), **STEP, round=2, **UNDO)
    assert undone == ("succeeded", {"package_id": 1})
    assert packages(bench) == [("order-1", 7, "unprepared", "Leipzig")]
    late = await bench.ask(prepare(BASEL), **STEP, round=1)
    assert late == ("succeeded", {"package_id": 1, "shipped_to": LEIPZIG.line}), "as it was stored"


async def test_every_round_is_undone_at_once_and_nothing_comes_after(desk: MakeDesk) -> None:
    bench = desk(shipping.participant)
    await bench.ask(prepare(), **STEP)
    await bench.ask(prepare(BASEL), **STEP, round=2)
    for attempt in (1, 2):
        undone = await bench.ask(unprepare(), **STEP, round=3, attempt=attempt, **UNDO)
        assert undone == ("succeeded", {"package_id": 1})
    late = await bench.ask(prepare(), **STEP, round=3)
    assert (late[0], late[1]["code"]) == ("failed", "tombstoned")
    assert [row[0] for row in story(bench)] == ["prepared", "prepared", "unprepared"]


async def test_packages_of_other_sagas(desk: MakeDesk) -> None:
    bench = desk(shipping.participant)
    nothing = await bench.ask(unprepare(), saga="6", **UNDO)
    assert nothing[0] == "succeeded"
    await bench.ask(prepare(), **STEP)
    assert await bench.refusal(prepare(BASEL)) == ("already_prepared", 409)
    assert (await bench.ask(unprepare(), saga="8"))[1] == {"package_id": 0}
    assert await bench.refusal(dispatch()) == ("package_not_prepared", 409)
    unpacked = await bench.ask(unprepare(), **STEP, **UNDO)
    assert unpacked[1] == {"package_id": 1}
    gone = await bench.ask(dispatch(), saga="7", step="dispatch")
    assert gone[1]["code"] == "package_not_prepared"
    another = await bench.ask(prepare(BASEL), saga="90")
    assert another[1]["package_id"] == 2, "a new child saga packs anew"
    assert await bench.refusal(prepare(MCMURDO, "order-2")) == ("address_not_served", 409)
    assert (await bench.ask(prepare(), tenant="2"))[1]["code"] == "address_not_served"


@asynccontextmanager
async def temporary(participant: Participant) -> AsyncIterator[Desk]:
    with TemporaryDirectory() as folder:
        bench = Desk(participant, Path(folder))
        try:
            yield bench
        finally:
            bench.close()


PACKAGES = st.one_of(
    st.builds(prepare, st.sampled_from([LEIPZIG, BASEL, MCMURDO])),
    st.just(unprepare()),
    st.builds(dispatch, st.integers(1, 2)),
)
PAYMENTS = st.one_of(
    st.builds(pay, st.sampled_from(["order-1", "order-2"]), st.sampled_from(["p-1", "p-2"])),
    st.builds(back, st.sampled_from(["order-1", "order-2"]), st.sampled_from(["p-1", "p-2"])),
)
ROUNDS = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(["do", "undo"]),
        "saga": st.sampled_from(["1", "2"]),
        "round": st.integers(1, 3),
        "attempt": st.integers(1, 2),
    }
)


@settings(max_examples=40)
@given(st.lists(st.tuples(PACKAGES, ROUNDS), max_size=20))
async def test_no_order_ever_has_two_packages_that_stand(commands: list[Any]) -> None:
    async with temporary(shipping.participant) as bench:
        for asked, changes in commands:
            await bench.ask(asked, **changes)
        assert bench.books().balanced, bench.books()


@settings(max_examples=40)
@given(st.lists(st.tuples(PAYMENTS, ROUNDS), max_size=20))
async def test_payments_add_up_after_anything(commands: list[Any]) -> None:
    async with temporary(payment.participant) as bench:
        for asked, changes in commands:
            await bench.ask(asked, **changes)
        assert bench.books().balanced, bench.books()
