"""The documentation pages, for who is logged in: OpenAPI at /docs, and what /asyncapi needs.

Swagger UI comes as files with a package: the stock page loads it from a CDN, which a machine
without a network, or with a strict browser, does not have. Pages are strict themselves: scripts
from here only.
"""

from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, Response

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.sessions import COOKIE, CSRF_HEADER

TITLE: Final = "Saga orchestrator"
ASSETS: Final = {
    "swagger-ui-bundle.js": ("fastapi_offline", "static", "text/javascript"),
    "swagger-ui.css": ("fastapi_offline", "static", "text/css"),
    "favicon.png": ("fastapi_offline", "static", "image/png"),
    "docs.js": ("orchestrator.admin", "pages", "text/javascript"),
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self';"
    " img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
SECURITY: Final = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
}
Reader = Annotated[Principal, permission("docs:read")]
DOCS: Final = "/docs"


def docs_routes() -> APIRouter:
    """``/docs`` with its files, ``/openapi.json``, and ``/session`` for pages that write."""
    router = APIRouter(include_in_schema=False)

    @router.get(DOCS)
    async def docs(who: Reader) -> Response:
        csrf = who.session.csrf if who.session else ""
        page = Template(_file("orchestrator.admin", "pages", "docs.html").decode())
        html = page.substitute(title=escape(TITLE), csrf=escape(csrf))
        return HTMLResponse(html, headers={"Content-Security-Policy": POLICY})

    @router.get(f"{DOCS}/assets/{{name}}", dependencies=[permission("docs:read")])
    async def asset(name: str) -> Response:
        if name not in ASSETS:
            raise Problem(404, f"no file {name}")
        package, folder, kind = ASSETS[name]
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(_file(package, folder, name), headers=headers, media_type=kind)

    @router.get("/openapi.json", dependencies=[permission("docs:read")])
    async def openapi(request: Request) -> Response:
        return JSONResponse(specification(request.app))

    @router.get("/session")
    async def session(who: Reader) -> Any:
        """Who is logged in, and the CSRF token for writes with the cookie."""
        csrf = who.session.csrf if who.session else None
        return {"name": who.name, "tenant": who.tenant, "csrf": csrf}

    return router


def specification(app: Any) -> dict[str, Any]:
    """The OpenAPI description of a FastAPI application, with the ways to authenticate."""
    found: dict[str, Any] = get_openapi(
        title=TITLE,
        version=app.version,
        routes=app.routes,
        description="Start, watch and repair sagas. Errors are RFC 9457 problem documents. Writes"
        " with a browser's cookie need its CSRF token, which `GET /session` tells.",
    )
    found.setdefault("components", {})["securitySchemes"] = SECURITY
    found["security"] = [{"token": []}, {"session": [], "csrf": []}]
    for path in found["paths"].values():
        for operation in path.values():
            _head(operation)
    return found


def _head(operation: dict[str, Any]) -> None:
    """What an operation is for, in place of the name of its function; its 422 is a problem too."""
    first, _, rest = operation.get("description", "").partition("\n")
    if first:
        operation["summary"], operation["description"] = first.rstrip(".:"), rest.strip()
    invalid = operation.get("responses", {}).get("422")
    if invalid and "application/json" in invalid.get("content", {}):
        operation["responses"]["422"] = responses(422)[422]


@cache
def _file(package: str, folder: str, name: str) -> bytes:
    return files(package).joinpath(folder, name).read_bytes()
