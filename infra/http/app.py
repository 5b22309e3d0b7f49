"""A FastAPI application with everything in place: problem documents, guard, and no route without a
permission.
"""

from collections.abc import Iterable

from fastapi import APIRouter, Depends, FastAPI

from infra.http.doorkeeper import keep_the_door
from infra.http.guards import Guard, check_guards, install_guard
from infra.http.problems import install_problems
from infra.http.query import known_query


def make_app(
    title: str, guard: Guard, routers: Iterable[APIRouter], *, version: str = ""
) -> FastAPI:
    """An application of these routers. Raises `UnguardedRoute` when a route states no permission.

    It has no documentation pages of its own: FastAPI's are open to everybody and load from a CDN.
    """
    app = FastAPI(
        title=title,
        version=version or "0",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known_query)],
        redirect_slashes=False,  # one address for one thing
        # FastAPI would export its own spans when OTEL_* is set; ours are in infra.telemetry.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    install_problems(app)
    install_guard(app, guard)
    for router in routers:
        app.include_router(router)
    check_guards(app)
    keep_the_door(app)
    return app
