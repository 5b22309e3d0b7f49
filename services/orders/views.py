"""Orders that are fulfilled in one go, as they come over HTTP and are shown there: in camelCase."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from infra.clock import rfc3339
from infra.http.errors import Problem
from services.orders.model import Failure, Order, OrderStatus

Id = Annotated[int, Field(gt=0, lt=2**53)]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class OrderRequest(_Body):
    """What a customer orders."""

    user_id: Id
    product_id: Id
    quantity: Annotated[int, Field(gt=0, le=1_000_000)]


class CancelRequest(_Body):
    """Why an order is given back; nobody has to say."""

    reason: Annotated[str, Field(max_length=1_000)] = ""


class OrderView(_Body):
    """An order; ``amount`` in minor units of ``currency``, ``expectedDelivery`` an ISO date.

    ``failure`` is there only for an order that failed.
    """

    order_id: int
    user_id: int
    product_id: int
    quantity: int
    amount: int | None
    currency: str | None
    status: OrderStatus
    shipping_address: str | None
    expected_delivery: str | None
    created_at: str
    updated_at: str
    failure: dict[str, Any] | None = None


def view(order: Order) -> OrderView:
    """An order as it stands."""
    shown = OrderView(
        order_id=order.id,
        user_id=order.user_id,
        product_id=order.product_id,
        quantity=order.quantity,
        amount=order.amount,
        currency=order.currency,
        status=order.status,
        shipping_address=order.address,
        expected_delivery=order.expected_delivery,
        created_at=rfc3339(order.created_at),
        updated_at=rfc3339(order.updated_at),
    )
    if order.failure is None:
        return shown
    return shown.model_copy(update={"failure": order.failure._asdict()})


def failed(order: Order) -> Problem:
    """The problem of an order that came to nothing, with what was undone."""
    failure = order.failure or Failure("failed", "the order failed", 409)
    members = {"orderId": order.id, "undone": list(failure.undone)}
    return problem(failure, members, {"Location": f"/orders/{order.id}"})


def problem(
    failure: Failure,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    """The problem document of a failure."""
    # A failure says 4xx or 5xx; anything else would be a mistake of a participant.
    status = failure.status if 400 <= failure.status < 600 else 409
    return Problem(status, failure.reason, code=failure.code, members=members, headers=headers)
