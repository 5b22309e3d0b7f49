"""Shipping, the child of an order's lifecycle, told with the given / expect DSL."""

import pytest

from contracts.address import Address
from contracts.lifecycle import UpdateAddress
from contracts.product import Item
from contracts.shipping import (
    CarrierDispatched,
    DispatchCarrier,
    PackagePrepared,
    PackageUnprepared,
    PreparePackage,
    ShipOrder,
    UnpreparePackage,
)
from orchestrator.testing import Scenario, given
from sagas.shipping import shipping

LEIPZIG = Address(street="Lindenallee 12", city="Leipzig", zip_code="04317", country="DE")
BASEL = Address(street="Rheingasse 7", city="Basel", zip_code="4058", country="CH")
ITEMS = [Item(product_id=3, quantity=1)]
ORDER = ShipOrder(order_id="order-1", items=ITEMS, address=LEIPZIG)
PREPARED = PackagePrepared(package_id=7, shipped_to=LEIPZIG.line)
UNPREPARED = PackageUnprepared(package_id=7)
DISPATCHED = CarrierDispatched(carrier="Parcel Post", tracking_number="PP7", dispatched_at="now")
ELSEWHERE = UpdateAddress(new_address=BASEL)


def prepare(address: Address = LEIPZIG) -> PreparePackage:
    return PreparePackage(order_id="order-1", items=ITEMS, address=address)


def begun() -> Scenario:
    return given(shipping).start(ORDER).expect(prepare())


def dispatching() -> Scenario:
    return begun().reply(PREPARED).expect(DispatchCarrier(order_id="order-1", package_id=7))


def test_a_package_is_prepared_and_dispatched() -> None:
    dispatching().reply(DISPATCHED).expect_nothing().expect_completed()


def test_a_new_address_waits_for_the_package_and_has_it_prepared_again() -> None:
    (
        begun()
        .signal(ELSEWHERE, by="ann", id="k-1")
        .expect_held("prepare")
        .expect_nothing()
        .signal(ELSEWHERE, by="ann", id="k-1")
        .reply(PREPARED)
        .expect_applied()
        .expect(prepare(BASEL))
        .reply(PREPARED)
        .expect(DispatchCarrier)
    )


def test_a_new_address_that_is_not_served_undoes_the_package_as_it_stands() -> None:
    (
        begun()
        .signal(ELSEWHERE)
        .reply(PREPARED)
        .expect(prepare(BASEL))
        .refuse("prepare", "address_not_served")
        .expect(UnpreparePackage(order_id="order-1"))
        .reply(UNPREPARED)
        .expect_failed(code="address_not_served", undone=["prepare"])
    )


def test_from_the_command_to_dispatch_on_there_is_no_way_back() -> None:
    dispatching().cancel().expect_refused("dispatch").signal(ELSEWHERE).expect_refused()


def test_cancelled_while_the_package_is_prepared() -> None:
    (
        begun()
        .cancel("ordered twice", by="ann")
        .reply(PREPARED)
        .expect(UnpreparePackage)
        .reply(UNPREPARED)
        .expect_failed(code="cancelled", reason="by ann: ordered twice", undone=["prepare"])
    )


def test_the_policy_of_the_seed() -> None:
    """3 attempts of 2 s, with pauses of 1 and 2 s between them."""
    (
        begun()
        .after(seconds=2 + 1)
        .expect(PreparePackage)
        .after(seconds=2 + 2)
        .expect(PreparePackage)
        .after(seconds=2)
        .expect(UnpreparePackage)
        .reply(UNPREPARED)
        .expect_failed(code="no_answer", status=504, undone=["prepare"])
    )


@pytest.mark.parametrize("answered", [True, False])
def test_a_dispatch_without_an_answer_is_asked_three_times_and_then_needs_a_person(
    answered: bool,
) -> None:
    scenario = dispatching().after(seconds=2 + 1).expect(DispatchCarrier)
    scenario.after(seconds=2 + 2).expect(DispatchCarrier)
    if answered:
        scenario.reply(DISPATCHED).expect_completed()
    else:
        scenario.after(seconds=2).expect_needs_operator("dispatch")
        scenario.repair("retry").expect(DispatchCarrier).reply(DISPATCHED).expect_completed()
