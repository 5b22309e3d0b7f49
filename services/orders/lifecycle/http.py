"""The routes of orders that are led through a lifecycle, as the seed has them: snake_case."""

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Body, Path, Query, Request, Response

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.requests import Traceparent, Wait
from services.orders.answers import Reader, Writer, looked, or_problem
from services.orders.desk import OrderDesk
from services.orders.lifecycle.bodies import (
    AnyOrder,
    Asked,
    CancelBody,
    Reference,
    ReviewBody,
    StartBody,
    UpdateAddressBody,
    wanted_order,
)
from services.orders.lifecycle.desk import LifecycleDesk, Wanted
from services.orders.lifecycle.history import HistoryCursor, history_page
from services.orders.lifecycle.model import Lifecycle, reviewed, steps_of, trouble_of
from services.orders.lifecycle.views import fulfillment_view, signal_view, status_view
from services.participant import Running

_STARTED: Final = (400, 401, 403, 409, 413, 415, 422, 503)
_TOLD: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)
_SEEN: Final = (401, 403, 404, 422)

BEGUN_S: Final = 0.04
"""How long the answer to a start waits for its saga to have begun, where its caller prefers
nothing: what was asked for is on the disk, and an answer should take 100 ms at most (seeds/001).
"""
DECIDED_S: Final = 2.0
"""How long the answer to a review waits that nobody is known to wait for: it will be refused, and
the refusal should be a 409.
"""

Reviewer = Annotated[Principal, permission("orders:review")]
SignalId = Annotated[str, Path(min_length=1, max_length=200, description="a signal's id")]
Lines = Annotated[int, Query(ge=1, le=1_000, description="lines on a page")]


def add_lifecycle_routes(routes: APIRouter, running: Running) -> None:
    """Add them to the routes of orders."""
    led = Lifecycles(running)
    told, seen = responses(*_TOLD), responses(*_SEEN)
    routes.post("/{order_id}/start", responses=responses(*_STARTED))(led.start)
    routes.get("/{order_id}/status", responses=seen)(led.status)
    routes.get("/{order_id}/history", responses=seen)(led.history)
    routes.post("/{order_id}/signals/cancel", status_code=202, responses=told)(led.cancel)
    routes.post("/{order_id}/signals/update-address", status_code=202, responses=told)(led.update)
    routes.post("/{order_id}/signals/review", status_code=202, responses=told)(led.review)
    # Its id is the sender's Idempotency-Key, which may have a slash in it.
    routes.get("/{order_id}/signals/{signal_id:path}", responses=seen)(led.signal)
    routes.post("/{order_id}/signals/{signal}", include_in_schema=False)(led.no_signal)


class Lifecycles:
    """The handlers."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._desk = LifecycleDesk(running)
        self._orders = OrderDesk(running)

    async def start(
        self,
        order_id: Reference,
        *,
        wait: Wait,
        trace: Traceparent,
        who: Writer,
        request: Request,
        response: Response,
        body: Annotated[StartBody | None, Body()] = None,
    ) -> dict[str, Any]:
        """Begin an order's lifecycle: 202 while it goes on. The same order again is 200, and where
        it stands.

        It answers once the saga has begun, or with `pending` where that takes longer than a moment;
        with `Prefer: wait=N`, once the order has ended.
        """
        if body is None and await request.body():
            raise Problem(422, "the body must be a JSON object", code="invalid_input")
        wanted = wanted_order(order_id, body or StartBody(), self._desk.defaults(who.tenant))
        try:
            new = await or_problem(
                self._desk.start(who.tenant, wanted, who.name, traceparent=trace)
            )
        except Problem as refused:
            if refused.status == 409:  # so that nobody need ask again how the other one stands
                first = looked(self._desk.find, who.tenant, order_id)
                refused.members["order"] = self._shown(first)
            raise
        until, timeout_s = _begun, BEGUN_S
        if "prefer" in request.headers:
            until, timeout_s = _settled, float(wait)
        order = await self._desk.wait(who.tenant, order_id, until, timeout_s)
        response.headers["Location"] = f"/orders/{order_id}/status"
        response.status_code = 202 if new and not order.settled else 200
        return self._shown(order)

    async def status(self, order_id: AnyOrder, who: Reader) -> dict[str, Any]:
        """Where an order stands: the step, those that are done, the result or the error."""
        if isinstance(order_id, int):
            return fulfillment_view(looked(self._orders.find, who.tenant, order_id))
        return self._shown(looked(self._desk.find, who.tenant, order_id))

    async def history(
        self,
        order_id: AnyOrder,
        who: Reader,
        *,
        request: Request,
        response: Response,
        after: HistoryCursor | None = None,
        limit: Lines = 200,
    ) -> dict[str, Any]:
        """All that happened to an order, in order of time: states, steps, signals, addresses."""
        order = looked(self._desk.find, who.tenant, self._led(order_id, who))
        items, last = history_page(self._running.reader, order, after, limit)
        following = None
        if last:
            url = request.url.include_query_params(after=last, limit=limit)
            following = f"{url.path}?{url.query}"
            response.headers["Link"] = f'<{following}>; rel="next"'
        return {"order_id": order.reference, "items": items, "next": following}

    async def cancel(
        self, asked: Asked, body: CancelBody, who: Writer, response: Response
    ) -> dict[str, Any]:
        """Stop an order and undo what was done: 202, or 409 where there is no way back any more.

        What becomes of the signal is at its `Location`: its `outcome` is `pending` until it is
        decided, then `applied`, `refused`, or `held` until a step has settled. `Prefer: wait=N`
        waits for that. The same `Idempotency-Key` is the same signal.
        """
        signal = Wanted(asked.key, "cancel", body.cancelled_by, body.reason, {})
        return await self._tell(asked, signal, who, response)

    async def update(
        self, asked: Asked, body: UpdateAddressBody, who: Writer, response: Response
    ) -> dict[str, Any]:
        """Let an order go elsewhere: 202, or 409 where it is too late."""
        data = {"new_address": body.new_address.model_dump()}
        signal = Wanted(asked.key, "update-address", body.updated_by, body.reason, data)
        return await self._tell(asked, signal, who, response)

    async def review(
        self, asked: Asked, body: ReviewBody, who: Reviewer, response: Response
    ) -> dict[str, Any]:
        """Let an order go on, or not: 202, or 409 where nobody waits for that."""
        data = {"approved": body.approved}
        signal = Wanted(asked.key, "review", body.reviewed_by, body.reason, data)
        return await self._tell(asked, signal, who, response)

    async def no_signal(self, order_id: AnyOrder, signal: str, who: Writer) -> None:
        """Any other signal: there is none."""
        self._led(order_id, who)
        known = "cancel, update-address and review"
        raise Problem(404, f"orders take no signal {signal[:100]!r}, but {known}", code="no_signal")

    async def signal(self, order_id: AnyOrder, signal_id: SignalId, who: Reader) -> dict[str, Any]:
        """What became of a signal: applied, refused (and why), held, or pending."""
        reference = self._led(order_id, who)
        found = looked(self._desk.signal, who.tenant, reference, signal_id)
        return signal_view(looked(self._desk.find, who.tenant, reference), found)

    async def _tell(
        self, asked: Asked, wanted: Wanted, who: Principal, response: Response
    ) -> dict[str, Any]:
        tenant, reference = who.tenant, self._led(asked.order_id, who)
        wait_s = self._patience_s(asked, wanted, tenant, reference)
        await or_problem(self._desk.tell(tenant, reference, wanted, traceparent=asked.trace))
        found = await self._desk.wait_signal(tenant, reference, wanted.id, wait_s)
        place = f"/orders/{reference}/signals/{quote(wanted.id, safe='')}"
        response.headers["Location"] = place
        view = signal_view(self._desk.find(tenant, reference), found)
        if found.outcome == "refused":
            detail = f"order {reference} did not take the signal {found.signal}: {found.why}"
            members, headers = {"signal": view}, {"Location": place}
            raise Problem(409, detail, code="signal_refused", members=members, headers=headers)
        return view

    def _patience_s(self, asked: Asked, wanted: Wanted, tenant: int, reference: str) -> float:
        """How long the answer to a signal waits for the decision."""
        if asked.wait is not None:
            return asked.wait
        if wanted.signal != "review":
            return 0.0
        order = looked(self._desk.find, tenant, reference)
        return 0.0 if reviewed(steps_of(self._running.reader, order)) else DECIDED_S

    def _led(self, order_id: int | str, who: Principal) -> str:
        """The reference of an order with a lifecycle; raises Problem."""
        if isinstance(order_id, str):
            return order_id
        order = looked(self._orders.find, who.tenant, order_id)
        detail = (
            f"order {order_id} is fulfilled in one go: it takes no signals, and what happened to it"
            f" is the history of its saga: saga history {order.saga or 'ID'}"
        )
        members = {"workflow_id": order.saga}
        raise Problem(409, detail, code="order_without_lifecycle", members=members)

    def _shown(self, order: Lifecycle) -> dict[str, Any]:
        reader = self._running.reader
        steps = steps_of(reader, order)
        return status_view(order, steps, trouble_of(reader, order, steps))


def _begun(order: Lifecycle) -> bool:
    return order.saga is not None or order.settled


def _settled(order: Lifecycle) -> bool:
    return order.settled
