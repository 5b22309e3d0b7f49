"""What went wrong, as a page: for whoever reads HTML, and for strangers how to log in."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from infra.http.errors import Problem
from infra.http.guards import Guard, Principal
from infra.http.login import PATH as LOGIN
from orchestrator.admin.docs import DOCS
from orchestrator.admin.ui.pages import HOME, Pages

_OURS: Final = ("/", LOGIN, DOCS)


def problem_page(pages: Pages) -> Callable[[Request, Problem], Response | None]:
    """Answers with a page on the paths of pages, and leaves programs their problem documents."""

    def page(request: Request, problem: Problem) -> Response | None:
        path = request.url.path
        ours = path in _OURS or path == HOME or path.startswith(f"{HOME}/")
        if not ours or "text/html" not in request.headers.get("accept", ""):
            return None
        shown = pages.show(
            "problem.html",
            request,
            _who(request),
            problem.status,
            problem=problem,
            phrase=HTTPStatus(problem.status).phrase,
        )
        shown.headers.update(problem.headers)
        return shown

    return page


def _who(request: Request) -> Principal | None:
    guard: Guard = request.app.state.guard
    try:
        return guard.identify(request)
    except Problem:
        return None
