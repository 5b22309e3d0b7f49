"""What a caller may say in headers and bodies, parsed with clear refusals.

`Prefer: wait=N` (RFC 7240), `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header; the
quotes of its structured string are optional here, as most clients leave them out), `traceparent`
(W3C Trace Context), and a body that must be a JSON object.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, cast
from uuid import uuid4

import msgspec
from fastapi import Depends, Header, Request, Response

from infra.http.errors import Problem
from infra.telemetry.context import valid

MAX_WAIT_S: Final = 30
MAX_KEY: Final = 200
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_JSON: Final = re.compile(r"application/([\w.-]+\+)?json")
_WAIT: Final = re.compile(r"\d{1,9}")


async def prefer_wait(
    request: Request,
    response: Response,
    _documented: Annotated[
        str | None, Header(alias="Prefer", description="`wait=N`: seconds to wait for the end")
    ] = None,
) -> int:
    """The seconds the caller would wait, 0 without the preference, at most `MAX_WAIT_S`.

    What is granted is told in `Preference-Applied`. Other preferences are ignored, as RFC 7240
    asks. Raises Problem 400 when the number is not one.
    """
    for header in request.headers.getlist("prefer"):
        for preference in header.split(","):
            name, _, value = preference.split(";")[0].partition("=")
            if name.strip().lower() != "wait":
                continue
            number = value.strip().strip('"')
            if not _WAIT.fullmatch(number):
                detail = "Prefer: wait= takes a whole number of seconds, such as Prefer: wait=10"
                raise Problem(400, detail, code="invalid_prefer")
            granted = min(int(number), MAX_WAIT_S)
            response.headers["Preference-Applied"] = f"wait={granted}"
            return granted  # RFC 7240: the first of several counts
    return 0


async def idempotency_key(
    request: Request,
    response: Response,
    _documented: Annotated[
        str | None, Header(alias="Idempotency-Key", description="the same key is the same thing")
    ] = None,
) -> str:
    """The caller's `Idempotency-Key`, or a new one; every answer carries it, so a retry can use it.

    A refusal too: it replaces the response, so the request remembers the key (`problem_answer`).

    Raises Problem 400 when it is empty, longer than 200, given twice, or not visible ASCII.
    """
    given = request.headers.getlist("idempotency-key")
    key = str(uuid4()) if not given else given[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(given) > 1 or not _KEY.fullmatch(key):
        detail = f"Idempotency-Key takes one value of 1 to {MAX_KEY} visible ASCII characters"
        raise Problem(400, detail, code="invalid_idempotency_key")
    response.headers["Idempotency-Key"] = request.state.idempotency_key = key
    return key


async def traceparent(
    given: Annotated[
        str | None, Header(alias="traceparent", description="W3C trace context")
    ] = None,
) -> str:
    """The caller's `traceparent`; empty without one, and where it is not valid, as W3C asks."""
    return valid(given)


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object, read strictly: no NaN, no lone surrogates, no other content type.

    Raises Problem 415 (not sent as JSON), 400 (not JSON), 422 (JSON, but no object, or with an
    integer that no database takes).
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if not _JSON.fullmatch(kind):
        raise Problem(415, "send the body as application/json", code="not_json")
    try:
        body: Any = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Problem(400, f"the body is not JSON: {error}", code="invalid_json") from error
    if not isinstance(body, dict):
        raise Problem(422, "the body must be a JSON object", code="invalid_input")
    if any(abs(number) >= 2**63 for number in _integers(body)):
        raise Problem(422, "an integer in the body has more than 64 bits", code="invalid_input")
    return cast(dict[str, Any], body)


def _integers(body: Any) -> Iterator[int]:
    todo = [body]
    while todo:
        value = todo.pop()
        if isinstance(value, int):
            yield value
        elif isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


Wait = Annotated[int, Depends(prefer_wait)]
Traceparent = Annotated[str, Depends(traceparent)]
IdempotencyKey = Annotated[str, Depends(idempotency_key)]
JsonObject = Annotated[dict[str, Any], Depends(json_object)]
