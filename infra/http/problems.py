"""RFC 9457 problem documents: one shape for everything that goes wrong, `application/problem+json`.

Members: `type` (`about:blank`: the status says what it means), `title`, `status`, `detail`, `code`
(stable, for programs), `instance` (of a 500: the incident, also in the log), `idempotencyKey` (of a
5xx, where asking again with it is what is left to do) and `errors` (single wrong places). Nothing
else of what the caller sent is echoed, and a 500 says nothing of the inside.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from infra.http.errors import Problem

MEDIA_TYPE: Final = "application/problem+json"
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "idempotencyKey": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_NOT_AN_OBJECT: Final = frozenset({"dict_type", "model_type", "model_attributes_type"})
_FOLLOWS: Final = "default_factory_not_called"
"""The kind of an error that only follows from another: a default that is made of a wrong field."""

Page = Callable[[Request, Problem], Response | None]

log = structlog.get_logger(__name__)


def install_problems(app: FastAPI) -> None:
    """Let `app` answer every error as a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


def document(problem: Problem) -> dict[str, Any]:
    """The members of the problem document."""
    members: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.errors:
        members["errors"] = problem.errors
    return members | problem.members


def problem_response(problem: Problem) -> Response:
    """The answer to a refused request; an ASGI application, for code outside of FastAPI too."""
    # ASCII only: a lone surrogate from the request must not break the refusal that names its place.
    body = json.dumps(document(problem), ensure_ascii=True, default=str)
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


def show_problems_as(app: FastAPI, page: Page) -> None:
    """Let `page` answer with HTML whoever reads HTML; what it returns None for stays JSON."""
    app.state.problem_page = page


def problem_answer(request: Request, problem: Problem) -> Response:
    """The same, with the `Idempotency-Key` of the request, given or minted, where it has one; a
    page for people where the application has one (`show_problems_as`).
    """
    page: Page | None = getattr(request.app.state, "problem_page", None)
    shown = page(request, problem) if page is not None else None
    if shown is not None:
        return shown
    key = getattr(request.state, "idempotency_key", None)
    if key is not None:
        problem.headers["Idempotency-Key"] = key
        if problem.status >= 500:
            problem.members["idempotencyKey"] = key
    return problem_response(problem)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: these statuses are problem documents (in OpenAPI)."""
    content = {MEDIA_TYPE: {"schema": SCHEMA}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_answer(request, error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = str(error.detail) or HTTPStatus(error.status_code).phrase
    return problem_answer(request, Problem(error.status_code, detail, headers=error.headers))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_answer(request, invalid_request(error.errors(), error.body))


async def _on_bug(request: Request, error: Exception) -> Response:
    incident = f"urn:uuid:{uuid4()}"
    log.error("request_failed", method=request.method, incident=incident, exc_info=error)
    detail = "the server failed on this request; its log names the incident"
    return problem_answer(request, Problem(500, detail, members={"instance": incident}))


def invalid_request(errors: Sequence[Any], body: Any = None) -> Problem:
    """The problem for pydantic's errors: 400 not JSON, 415 not sent as JSON, else 422."""
    errors = [one for one in errors if one["type"] != _FOLLOWS]
    first: Mapping[str, Any] = errors[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return Problem(400, f"the body is not JSON: {reason}", code="invalid_json")
    if isinstance(body, bytes) and len(first["loc"]) == 1 and first["type"] in _NOT_AN_OBJECT:
        return Problem(415, "send the body as application/json", code="not_json")
    places = [_place(error) for error in errors]
    told = "; ".join(
        f"{place.get('pointer') or place.get('parameter')}: {place['detail']}" for place in places
    )
    return Problem(422, told, code="invalid_input", errors=places)


def pointer(parts: Sequence[object]) -> str:
    """A JSON pointer as URI fragment (RFC 6901): `("items", 0)` -> `#/items/0`."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join(f"/{part}" for part in escaped)


def _place(error: Mapping[str, Any]) -> dict[str, str]:
    where, *rest = error["loc"]
    detail = error["msg"].removeprefix("Value error, ")  # pydantic's word for a rule of ours
    if where == "body":
        return {"pointer": pointer(rest), "detail": detail}
    return {"parameter": ".".join(map(str, rest)), "in": str(where), "detail": detail}
