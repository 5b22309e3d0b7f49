"""The business contracts: what every one of them declares, and what is on the wire."""

from inspect import getmembers, isclass
from types import ModuleType
from typing import get_type_hints

import pytest
from pydantic import ValidationError

from contracts import inventory, lifecycle, orders, payment, product, shipping
from contracts.messages import Command, Event, Message
from contracts.orders import CancelOrder, OrderCompleted, PlaceOrder
from contracts.payment import ChargePayment, RefundPayment
from contracts.product import QuoteProduct

MODULES = (inventory, lifecycle, orders, payment, product, shipping)
SPOKEN_BY = {"lifecycle": "orders"}


def declared(kind: type[Message]) -> list[type[Message]]:
    return [
        one
        for module in MODULES
        for _, one in getmembers(module, isclass)
        if issubclass(one, kind) and one.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_commands_go_to_the_service_whose_language_it_is(module: ModuleType) -> None:
    commands = [
        one
        for _, one in getmembers(module, isclass)
        if issubclass(one, Command) and one.__module__ == module.__name__
    ]
    assert commands
    name = module.__name__.rpartition(".")[2]
    assert {one.service for one in commands} == {SPOKEN_BY.get(name, name)}
    assert all(one.reply.__module__ == module.__name__ for one in commands)


def test_a_name_means_one_contract() -> None:
    places = {(one.__name__, one.__module__) for one in declared(Message)}
    assert len({name for name, _ in places}) == len(places)


def test_every_contract_says_what_it_is() -> None:
    assert not [one.__name__ for one in declared(Message) if "__doc__" not in vars(one)]


@pytest.mark.parametrize("event", declared(Event), ids=lambda one: one.__name__)
def test_events_of_orders_are_keyed_by_order(event: type[Event]) -> None:
    assert (event.topic, event.key) == ("order.events", "order_id")
    assert "order_id" in event.model_fields


def test_what_may_be_refused() -> None:
    refusals = {one.__name__: one.refusals for one in declared(Command) if issubclass(one, Command)}
    assert refusals == {
        "QuoteProduct": {"product_not_found": 404},
        "ChargePayment": {
            "insufficient_funds": 409,
            "account_not_found": 409,
            "already_charged": 409,
        },
        "RefundPayment": {},
        "ReserveStock": {"out_of_stock": 409, "already_reserved": 409},
        "RestoreStock": {},
        "ScheduleShipment": {
            "address_not_served": 409,
            "address_unknown": 409,
            "already_scheduled": 409,
        },
        "CancelShipment": {"shipment_left": 409, "shipment_not_found": 404},
        "BeginCancellation": {
            "order_not_found": 404,
            "order_not_completed": 409,
            "already_cancelled": 409,
        },
        "AbandonCancellation": {},
        "ReceiveOrder": {"order_exists": 409},
        "CloseOrder": {},
        "QuoteItems": {},
        "ValidateOrder": {
            "no_items": 422,
            "product_not_found": 404,
            "invalid_quantity": 422,
            "mixed_currencies": 422,
            "amount_too_large": 422,
        },
        "ChargeOrder": {"payment_id_used": 409},
        "RefundOrder": {},
        "PreparePackage": {
            "address_not_served": 409,
            "already_prepared": 409,
            "already_dispatched": 409,
        },
        "UnpreparePackage": {"already_dispatched": 409},
        "DispatchCarrier": {"package_not_prepared": 409},
        "MarkShipped": {},
    }


def test_the_wire_is_snake_case_json() -> None:
    charge = ChargePayment(order_id=1, user_id=2, amount=300, currency="EUR")
    text = '{"order_id":1,"user_id":2,"amount":300,"currency":"EUR"}'
    assert charge.model_dump_json() == text
    assert ChargePayment.model_validate_json(text) == charge


def test_a_reader_ignores_what_it_does_not_know() -> None:
    assert RefundPayment.model_validate_json('{"order_id":1,"why":"x"}') == RefundPayment(
        order_id=1
    )


@pytest.mark.parametrize("contract", [PlaceOrder, QuoteProduct])
@pytest.mark.parametrize("quantity", [0, -1, 1.5, "many"])
def test_quantities_are_positive_whole_numbers(contract: type[Message], quantity: object) -> None:
    given = {"order_id": 1, "user_id": 1, "product_id": 1, "quantity": quantity}
    with pytest.raises(ValidationError, match="quantity"):
        contract.model_validate(given)


def test_money_is_whole_minor_units() -> None:
    with pytest.raises(ValidationError, match="amount"):
        ChargePayment.model_validate(
            {"order_id": 1, "user_id": 1, "amount": 9.99, "currency": "EUR"}
        )
    assert get_type_hints(OrderCompleted)["amount"] is int


def test_a_cancellation_needs_no_reason() -> None:
    assert CancelOrder(order_id=1).reason == ""
