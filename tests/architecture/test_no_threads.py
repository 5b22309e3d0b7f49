"""No request waits for a thread: FastAPI would run every handler and dependency that is no
coroutine function in one, and on a busy machine each of those costs milliseconds.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

import sagas
from infra.clock import ManualClock
from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from orchestrator.admin.application import AdminApplication, admin_app
from orchestrator.bootstrap.load import load
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.letters import FakeLetters


def called(dependant: Dependant) -> Iterator[Any]:
    """The handler of a route, and everything that it depends on."""
    if dependant.call is not None:
        yield dependant.call
    for one in dependant.dependencies:
        yield from called(one)


def coroutine(call: Any) -> bool:
    """Whether calling it gives a coroutine: a function, or an object that is called like one."""
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(
        getattr(call, "__call__", None)  # noqa: B004  # what it is, not whether it can be called
    )


def test_every_handler_and_dependency_is_a_coroutine_function(tmp_path: Path) -> None:
    clock = ManualClock(1_000)
    backend = FakeBackend(tmp_path, clock)
    guard = Guard("token-of-the-tests-0123456789", Principal("operator", 1), Sessions(clock))
    services = {"orders": SimpleNamespace()}
    routers = [load(name, object)(services) for name in sagas.app.routers.values()]  # type: ignore[operator]
    app: Any = admin_app(backend, FakeLetters(), guard, clock, routers=routers)
    backend.close()
    while not isinstance(app, AdminApplication):
        app = app._app  # pylint: disable=protected-access
    seen: dict[str, list[str]] = {}
    for context in iter_route_contexts(app._api.routes):  # pylint: disable=protected-access
        calls = list(called(context.dependant))
        seen[str(context.path)] = [repr(call) for call in calls if not coroutine(call)]
    assert {"/health", "/sagas/{saga}", "/orders/{order_id}/start"} <= seen.keys()
    assert not {path: threads for path, threads in seen.items() if threads}
