"""The admin application: FastStream's ASGI application, with FastAPI behind it (DESIGN, HTTP
facts).

FastStream serves what has an exact path, which is its AsyncAPI page; everything else goes on to
FastAPI. There is no broker to start: the one on the page documents and never connects, and the real
clients are the runtime's.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from types import MappingProxyType, ModuleType
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from faststream.asgi import AsgiFastStream, AsyncAPIRoute
from faststream.specification import AsyncAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.broker.errors import BrokerError
from infra.broker.types import KafkaError
from infra.clock import Clock
from infra.http.app import make_app
from infra.http.errors import Problem
from infra.http.guards import Guard
from infra.http.limits import BodyLimit, SecurityHeaders
from infra.http.login import login_router
from infra.http.observed import Observed
from infra.http.problems import problem_answer, show_problems_as
from infra.http.streams import Streams
from orchestrator.admin.asyncapi_page import PATH, page
from orchestrator.admin.channels import documented
from orchestrator.admin.dead_letter_routes import DeadLetterOffice, dead_letter_routes
from orchestrator.admin.definitions import definition_routes
from orchestrator.admin.docs import TITLE, docs_routes
from orchestrator.admin.health import health_routes
from orchestrator.admin.metrics import metrics_routes
from orchestrator.admin.moves import move_routes
from orchestrator.admin.ports import Backend, ServicesHealth
from orchestrator.admin.rollouts import rollout_routes
from orchestrator.admin.sagas import saga_routes
from orchestrator.admin.ui.pages import HOME, Pages
from orchestrator.admin.ui.problems import problem_page
from orchestrator.admin.ui.routes import Surroundings, ui_routes
from orchestrator.runtime.errors import RuntimeFailure
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.verify.result import CheckResult


class AdminApplication(AsgiFastStream):
    """FastStream in front, FastAPI behind; serve ``admin_app``, which puts the limits around it."""

    def __init__(self, api: FastAPI, guard: Guard, contracts: Iterable[ModuleType]) -> None:
        self._api = api
        specification = AsyncAPI(documented(contracts), title=TITLE, version=api.version)
        super().__init__(
            specification=specification,
            # Its "try it out" would be a route that publishes for everybody.
            asyncapi_path=AsyncAPIRoute(PATH, try_it_out_path=None),
        )
        self.routes = [
            (path, guard.around(page(path, route, specification), "docs:read"))
            for path, route in self.routes
        ]

    @asynccontextmanager
    async def start_lifespan_context(
        self, run_extra_options: Any = None
    ) -> AsyncGenerator[None, None]:
        """Enter FastAPI's lifespan, which FastStream would not, instead of starting brokers."""
        async with self._api.router.lifespan_context(self._api):
            yield

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whatever has no exact path here is FastAPI's."""
        await self._api(scope, receive, send)


def admin_app(  # pylint: disable=too-many-arguments  # what the process has put together
    backend: Backend,
    letters: DeadLetterOffice,
    guard: Guard,
    clock: Clock,
    *,
    checks: Mapping[str, CheckResult] = MappingProxyType({}),
    routers: Sequence[APIRouter] = (),
    contracts: Iterable[ModuleType] = (),
    services: ServicesHealth = tuple,
    streams: Streams | None = None,
) -> ASGIApp:
    """The whole HTTP application of one process.

    ``checks`` are what `saga check` found at the start, by version of the definition; ``routers``
    are the business's own, ``contracts`` the modules that the AsyncAPI page shows; ``services``
    says how those of this process fare. Whoever stops the server closes the ``streams`` first, or
    it waits for them.
    Raises ``UnguardedRoute`` when any route, theirs included, states no permission (law 13).
    """
    pages = Pages(clock)
    kept = Streams() if streams is None else streams  # an empty one is falsy, and yet the one
    around = Surroundings(backend, letters, pages, clock, kept, checks)
    # Looked through in this order for every request: what is asked for most comes first.
    routes = [
        health_routes(backend, services),
        *routers,
        saga_routes(backend, clock),
        definition_routes(backend, checks),
        rollout_routes(backend, clock),
        move_routes(backend, clock),
        dead_letter_routes(letters),
        metrics_routes(backend, services),
        docs_routes(),
        login_router(HOME),
        ui_routes(around),
    ]
    api = make_app(TITLE, guard, routes, version=version("saga-orchestrator"))
    show_problems_as(api, problem_page(pages))
    api.add_exception_handler(BrokerError, _no_broker)
    api.add_exception_handler(KafkaError, _no_broker)
    api.add_exception_handler(SagaLogError, _no_log)
    api.add_exception_handler(RuntimeFailure, _not_running)
    limited = SecurityHeaders(BodyLimit(AdminApplication(api, guard, contracts)))
    return Observed(limited, backend.metrics.http_seconds, clock)


async def _no_broker(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": "1"}
    problem = Problem(503, str(error), code="broker_unavailable", headers=headers)
    return problem_answer(request, problem)


async def _not_running(request: Request, error: Exception) -> Response:
    return problem_answer(request, Problem(503, str(error), code="not_running"))


async def _no_log(request: Request, error: Exception) -> Response:
    return problem_answer(request, Problem(503, str(error), code="log_unavailable"))
