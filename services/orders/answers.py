"""What every route of orders does with what its desk says, and with how long its caller waits."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, ParamSpec, TypeVar

import structlog
from fastapi import Request

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from services.orders.desk import OrderRefused
from services.orders.views import problem
from services.participant import StorageFault

log = structlog.get_logger(__name__)

DEFAULT_WAIT_S: Final = 5
Writer = Annotated[Principal, permission("orders:write")]
Reader = Annotated[Principal, permission("orders:read")]
T = TypeVar("T")
P = ParamSpec("P")


def seconds(request: Request, wait: int) -> int:
    """How long to wait: as preferred, else a few seconds."""
    return wait if "prefer" in request.headers else DEFAULT_WAIT_S


async def or_problem(asked: Awaitable[T]) -> T:
    """What was asked for; raises Problem where it is refused, or cannot be written down."""
    try:
        return await asked
    except OrderRefused as refused:
        raise problem(refused.failure) from None
    except StorageFault as fault:
        log.error("nothing is taken", service="orders", error=str(fault))
        again = {"Retry-After": "1"}
        raise Problem(503, str(fault), code="database_unavailable", headers=again) from None


def looked(look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What is looked for; raises Problem where it is not there."""
    try:
        return look(*args, **kwargs)
    except OrderRefused as refused:
        raise problem(refused.failure) from None
