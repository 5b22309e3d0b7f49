"""The front door for customers: place, look at and cancel orders over HTTP."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from infra.http.errors import Problem
from infra.http.paging import MAX_LIMIT
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey, Traceparent, Wait
from services.orders.answers import Reader, Writer, looked, or_problem, seconds
from services.orders.desk import OrderDesk
from services.orders.lifecycle.bodies import AnyOrder
from services.orders.lifecycle.desk import LifecycleDesk
from services.orders.lifecycle.http import add_lifecycle_routes
from services.orders.lifecycle.model import steps_of
from services.orders.lifecycle.views import order_view
from services.orders.listing import AnyStatus, Cursor, page
from services.orders.views import CancelRequest, OrderRequest, OrderView, failed, problem, view
from services.participant import Running

_PLACED: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)
_SEEN: Final = (401, 403, 404, 422)
_CANCELLED: Final = (400, 401, 403, 404, 409, 413, 422, 503)


def router(services: Mapping[str, Running]) -> APIRouter:
    """The routes of this service, over the running participant ``orders`` of this process."""
    routes = APIRouter(prefix="/orders", tags=["orders"])
    door = FrontDoor(services["orders"])
    routes.post("", responses=responses(*_PLACED), response_model_exclude_unset=True)(door.place)
    routes.get("", responses=responses(401, 403, 422))(door.list)
    routes.get("/{order_id}", responses=responses(*_SEEN), response_model_exclude_unset=True)(
        door.show
    )
    routes.post(
        "/{order_id}/cancel", responses=responses(*_CANCELLED), response_model_exclude_unset=True
    )(door.cancel)
    add_lifecycle_routes(routes, services["orders"])
    return routes


class FrontDoor:
    """The handlers of orders of both kinds, and of those that are fulfilled in one go."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._desk = OrderDesk(running)
        self._led = LifecycleDesk(running)

    async def place(
        self,
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
        placed = self._desk.place(who.tenant, key, wanted, traceparent=trace)
        order_id, new = await or_problem(placed)
        found = await self._desk.wait(who.tenant, order_id, seconds(request, wait))
        if found.status == "failed":
            raise failed(found)
        response.headers["Location"] = f"/orders/{order_id}"
        response.status_code = (201 if new else 200) if found.settled else 202
        return view(found)

    async def list(
        self,
        who: Reader,
        request: Request,
        response: Response,
        status: AnyStatus | None = None,
        after: Cursor | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page")] = 50,
    ) -> dict[str, Any]:
        """Orders of both kinds, the newest first; those in one `status` if that is given."""
        found = page(self._running.reader, who.tenant, status, after, limit)
        following = None
        if found.after:
            url = request.url.include_query_params(after=found.after, limit=limit)
            following = f"{url.path}?{url.query}"
            response.headers["Link"] = f'<{following}>; rel="next"'
        return {"items": found.items, "next": following}

    async def show(self, order_id: AnyOrder, who: Reader) -> OrderView | dict[str, Any]:
        """An order as it stands: by the number that it has from us, or by its reference."""
        if isinstance(order_id, int):
            return view(looked(self._desk.find, who.tenant, order_id))
        order = looked(self._led.find, who.tenant, order_id)
        return order_view(order, steps_of(self._running.reader, order))

    async def cancel(
        self,
        order_id: AnyOrder,
        *,
        wait: Wait,
        trace: Traceparent,
        who: Writer,
        request: Request,
        response: Response,
        why: CancelRequest | None = None,
    ) -> OrderView:
        """Cancel an order: 200 when it is cancelled, 202 with its place when that takes longer."""
        if isinstance(order_id, str):
            looked(self._led.find, who.tenant, order_id)
            detail = f"order {order_id} has a lifecycle: POST /orders/{order_id}/signals/cancel"
            raise Problem(409, detail, code="cancelled_by_signal")
        reason = why.reason if why else ""
        asked = self._desk.cancel(who.tenant, order_id, reason, traceparent=trace)
        number = await or_problem(asked)
        over = await self._desk.wait_cancelled(who.tenant, order_id, number, seconds(request, wait))
        if over is not None and over.failure is not None:
            raise problem(over.failure, {"orderId": order_id})
        if over is None:
            response.headers["Location"] = f"/orders/{order_id}"
            response.status_code = 202
        return view(self._desk.find(who.tenant, order_id))
