"""What is sent to the lifecycle's routes, checked place by place. The seed's words: snake_case."""

import re
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Path, Request
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from contracts.address import Address, printable, worded
from contracts.lifecycle import REFERENCE, PaymentId, StartOrder
from contracts.product import Item
from infra.http.errors import Problem
from infra.http.problems import pointer
from infra.http.requests import IdempotencyKey, Traceparent, Wait
from services.orders.lifecycle.defaults import Defaults

_NUMBER: Final = 2**53
_REFERENCE: Final = re.compile(REFERENCE)

Actor = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(worded),
]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=1_000), AfterValidator(printable)
]
GivenReason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000),
    AfterValidator(worded),
]
Named = Annotated[
    str, Path(max_length=200, description="the order's reference, or the number it has from us")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AddressBody(Address):
    """An address, and nothing beside it."""

    model_config = ConfigDict(extra="forbid")


class ItemBody(Item):
    """So many pieces of one product, as whole numbers."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[int, Field(strict=True, gt=-_NUMBER, lt=_NUMBER)]
    quantity: Annotated[int, Field(strict=True, gt=-_NUMBER, lt=_NUMBER)]


class StartBody(_Body):
    """What is ordered, and where it goes; what is left out is taken from the seed data, the
    payment's id from the order's.
    """

    initial_address: AddressBody | None = None
    payment_id: PaymentId | None = None
    items: Annotated[list[ItemBody], Field(max_length=100)] | None = None


class CancelBody(_Body):
    """Why an order is to stop, and who says so."""

    reason: GivenReason
    cancelled_by: Actor


class UpdateAddressBody(_Body):
    """Where an order is to go instead, who says so, and perhaps why."""

    new_address: AddressBody
    updated_by: Actor
    reason: Reason = ""


class ReviewBody(_Body):
    """Whether an order may go on, who says so, and why: who says no must."""

    approved: StrictBool
    reviewed_by: Actor
    reason: Annotated[Reason, Field(validate_default=True)] = ""

    @field_validator("reason")
    @classmethod
    def _no_has_a_reason(cls, reason: str, given: ValidationInfo) -> str:
        if given.data.get("approved") is False and not reason:
            raise ValueError("an order that is not approved is told why")
        return reason


async def named(order_id: Named) -> int | str:
    """Dependency: the order that a path names, by its number or its reference.

    Raises Problem 422 for what is neither.
    """
    if order_id.isascii() and order_id.isdigit() and 0 < int(order_id) < _NUMBER:
        return int(order_id)
    return await reference(order_id)


async def reference(order_id: Named) -> str:
    """Dependency: the reference under which an order is started; raises Problem 422."""
    if _REFERENCE.fullmatch(order_id):
        return order_id
    why = (
        "an order's reference begins with a letter; letters, digits, '-' and '_' follow,"
        " at most 64 in all"
    )
    place = {"parameter": "order_id", "in": "path", "detail": why}
    raise Problem(422, f"order_id: {why}", code="invalid_input", errors=[place])


AnyOrder = Annotated[int | str, Depends(named)]
Reference = Annotated[str, Depends(reference)]


class Asking(NamedTuple):
    """A signal's surroundings: which order, under which identity, in whose trace, and how long the
    caller waits for its decision (None: a moment).
    """

    order_id: int | str
    key: str
    trace: str
    wait: int | None


async def asking(
    order_id: AnyOrder, key: IdempotencyKey, wait: Wait, trace: Traceparent, request: Request
) -> Asking:
    """Dependency: what path and headers say of a signal."""
    return Asking(order_id, key, trace, wait if "prefer" in request.headers else None)


Asked = Annotated[Asking, Depends(asking)]


def wanted_order(order_id: str, body: StartBody, usual: Defaults | None) -> StartOrder:
    """The order that is meant; raises Problem 422 for what is left out and has no default."""
    given = body.model_dump(exclude_none=True)
    address, items = given.pop("initial_address", None), given.pop("items", None)
    lacking = [("initial_address", address), ("items", items)]
    wrong = [
        {"pointer": pointer((name,)), "detail": "there is no default: say it"}
        for name, value in lacking
        if value is None and usual is None
    ]
    if wrong:
        raise Problem(422, "no default is known", code="invalid_input", errors=wrong)
    if usual is not None:
        address = usual.address if address is None else address
        items = usual.items if items is None else items
    whole = {"order_id": order_id, "address": address, "items": items, **given}
    return StartOrder.model_validate(whole)
