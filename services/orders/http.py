"""The front door for customers: place, look at and cancel orders over HTTP."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey, Traceparent, Wait
from services.orders.desk import OrderDesk, OrderRefused
from services.orders.model import Failure, Order, OrderStatus
from services.participant import Running, StorageFault

log = structlog.get_logger(__name__)

DEFAULT_WAIT_S: Final = 5
Id = Annotated[int, Field(gt=0, lt=2**53)]
OrderId = Annotated[int, Path(gt=0, lt=2**53)]
Writer = Annotated[Principal, permission("orders:write")]
Reader = Annotated[Principal, permission("orders:read")]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class OrderRequest(_Body):
    """What a customer orders."""

    user_id: Id
    product_id: Id
    quantity: Annotated[int, Field(gt=0, le=1_000_000)]


class CancelRequest(_Body):
    """Why an order is given back; nobody has to say."""

    reason: Annotated[str, Field(max_length=500)] = ""


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
    failure: dict[str, Any] | None = None


def router(services: Mapping[str, Running]) -> APIRouter:
    """The routes of this service, over the running participant ``orders`` of this process."""
    desk = OrderDesk(services["orders"])
    routes = APIRouter(prefix="/orders", tags=["orders"])

    @routes.post(
        "",
        responses=responses(400, 401, 403, 404, 409, 413, 415, 422, 503),
        response_model_exclude_unset=True,
    )
    async def place(
        order: OrderRequest,
        key: IdempotencyKey,
        *,
        wait: Wait,
        trace: Traceparent,
        who: Writer,
        request: Request,
        response: Response,
    ) -> OrderView:
        """Place an order: 201 when it is completed, 202 with its place when that takes longer."""
        wanted = (order.user_id, order.product_id, order.quantity)
        order_id, new = await _or_problem(desk.place(who.tenant, key, wanted, traceparent=trace))
        found = await desk.wait(who.tenant, order_id, _seconds(request, wait))
        if found.status == "failed":
            raise _failed(found)
        response.headers["Location"] = f"/orders/{order_id}"
        response.status_code = (201 if new else 200) if found.settled else 202
        return _view(found)

    @routes.get(
        "/{order_id}",
        responses=responses(401, 403, 404, 422),
        response_model_exclude_unset=True,
    )
    async def show(order_id: OrderId, who: Reader) -> OrderView:
        """An order as it stands."""
        try:
            return _view(desk.find(who.tenant, order_id))
        except OrderRefused as refused:
            raise _problem(refused.failure) from None

    @routes.post(
        "/{order_id}/cancel",
        responses=responses(400, 401, 403, 404, 409, 413, 422, 503),
        response_model_exclude_unset=True,
    )
    async def cancel(
        order_id: OrderId,
        *,
        wait: Wait,
        trace: Traceparent,
        who: Writer,
        request: Request,
        response: Response,
        why: CancelRequest | None = None,
    ) -> OrderView:
        """Cancel an order: 200 when it is cancelled, 202 with its place when that takes longer."""
        reason = why.reason if why else ""
        asked = desk.cancel(who.tenant, order_id, reason, traceparent=trace)
        number = await _or_problem(asked)
        seconds = _seconds(request, wait)
        over = await desk.wait_cancelled(who.tenant, order_id, number, seconds)
        if over is not None and over.failure is not None:
            raise _problem(over.failure, {"orderId": order_id})
        if over is None:
            response.headers["Location"] = f"/orders/{order_id}"
            response.status_code = 202
        return _view(desk.find(who.tenant, order_id))

    return routes


def _seconds(request: Request, wait: int) -> int:
    """How long to wait: as preferred, else a few seconds."""
    return wait if "prefer" in request.headers else DEFAULT_WAIT_S


async def _or_problem(asked: Any) -> Any:
    try:
        return await asked
    except OrderRefused as refused:
        raise _problem(refused.failure) from None
    except StorageFault as fault:
        log.error("nothing is taken", service="orders", error=str(fault))
        again = {"Retry-After": "1"}
        raise Problem(503, str(fault), code="database_unavailable", headers=again) from None


def _failed(order: Order) -> Problem:
    """The problem of an order that came to nothing, with what was undone."""
    failure = order.failure or Failure("failed", "the order failed", 409)
    members = {"orderId": order.id, "undone": list(failure.undone)}
    return _problem(failure, members, {"Location": f"/orders/{order.id}"})


def _problem(
    failure: Failure,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Problem:
    # A failure says 4xx or 5xx; anything else would be a mistake of a participant.
    status = failure.status if 400 <= failure.status < 600 else 409
    return Problem(status, failure.reason, code=failure.code, members=members, headers=headers)


def _view(order: Order) -> OrderView:
    view = OrderView(
        order_id=order.id,
        user_id=order.user_id,
        product_id=order.product_id,
        quantity=order.quantity,
        amount=order.amount,
        currency=order.currency,
        status=order.status,
        shipping_address=order.address,
        expected_delivery=order.expected_delivery,
    )
    if order.failure is None:
        return view
    return view.model_copy(update={"failure": order.failure._asdict()})
