"""FastStream's AsyncAPI page, made to say something without a network and to be harmless with one.

Its viewer comes from a CDN. Until that has loaded, or for ever where it cannot, the page lists
every channel and message in plain HTML. A script from a CDN must not act for who is logged in, so
the page is put in a sandbox: an origin of its own, without the session.
"""

from collections.abc import Iterator
from html import escape
from typing import Any, Final

from faststream.specification.asyncapi.site import ASYNCAPI_CSS_DEFAULT_URL, ASYNCAPI_JS_DEFAULT_URL
from faststream.specification.base import SpecificationFactory
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.errors import Problem
from infra.http.problems import problem_response

PATH: Final = "/asyncapi"
_PLACE: Final = b'<div id="asyncapi"></div>'
_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none';"
    f" script-src 'unsafe-inline' {ASYNCAPI_JS_DEFAULT_URL};"
    f" style-src 'unsafe-inline' {ASYNCAPI_CSS_DEFAULT_URL}; img-src data:; base-uri 'none';"
    " frame-ancestors 'none'"
)


def page(path: str, route: ASGIApp, specification: SpecificationFactory) -> ASGIApp:
    """FastStream's route; its HTML page with the plain list in it and the sandbox around it."""
    return _get_only(_filled(route, specification) if path == PATH else route)


def _get_only(route: ASGIApp) -> ASGIApp:
    """Another method is refused as everywhere else: by a problem document."""

    async def get(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await route(scope, receive, send)
            return
        refusal = Problem(405, "this page can only be read", headers={"Allow": "GET"})
        await problem_response(refusal)(scope, receive, send)

    return get


def _filled(route: ASGIApp, specification: SpecificationFactory) -> ASGIApp:
    async def filled(scope: Scope, receive: Receive, send: Send) -> None:
        started: list[Message] = []

        async def fill(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            listing = "".join(_listing(specification.to_specification().to_jsonable()))
            place = f'<div id="asyncapi">{listing}</div>'.encode()
            body = message["body"].replace(_PLACE, place)
            headers = MutableHeaders(scope=started[0])
            headers["Content-Length"] = str(len(body))
            headers["Content-Security-Policy"] = _POLICY
            await send(started[0])
            await send({**message, "body": body})

        await route(scope, receive, fill)

    return filled


def _listing(found: dict[str, Any]) -> Iterator[str]:
    """Every channel and its message, with its fields."""
    schemas = found["components"]["schemas"]
    messages = found["components"]["messages"]
    yield "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto}</style>"
    yield f'<h1>{escape(found["info"]["title"])}: messages</h1>'
    yield '<p>The same for programs: <a href="/asyncapi.json">asyncapi.json</a></p>'
    for name, operation in sorted(found["operations"].items()):
        channel = found["channels"][name]
        yield f"<h2>{escape(name)}</h2>"
        yield f'<p>{operation["action"]}: {_told(channel)}</p><ul>'
        for message in channel["messages"].values():
            yield from _fields(messages[_target(message["$ref"])], schemas)
        yield "</ul>"


def _fields(message: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    yield from _properties(schemas.get(_target(message["payload"].get("$ref", "")), {}), schemas)


def _properties(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """The fields of an object, and within a field that is an object its fields in turn."""
    for field, kind in schema.get("properties", {}).items():
        inner = _target(kind.get("$ref", ""))
        yield f"<li>{escape(field)} <i>{escape(kind.get('type') or inner)}</i>"
        if "properties" in schemas.get(inner, {}):
            yield f"<ul>{''.join(_properties(schemas[inner], schemas))}</ul>"
        yield "</li>"


def _told(channel: dict[str, Any]) -> str:
    """A description without the marks of a docstring."""
    return escape(channel.get("description", "").replace("``", ""))


def _target(reference: str) -> str:
    return reference.rpartition("/")[2].replace("%20", " ")
