"""The HTTP API of the process that runs on the data folder, as the commands use it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

import httpx

from orchestrator.bootstrap.folder import known_token, read_running
from orchestrator.cli.errors import BadInput, NoAnswer
from orchestrator.settings import Settings

TIMEOUT_S: Final = 10.0
NO_ROUTE: Final = "not_found"
"""The code of an answer where there is no route; whatever a route does not find has one of its own.
"""

Json = dict[str, Any]


class Client:
    """Calls of the API; every answer is JSON, every error one line.

    Raises BadInput for what the API refuses as such (4xx), NoAnswer when it cannot be reached
    or fails (5xx).
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, **query: object) -> Json:
        """What is at `path`; query parameters that are None are left out."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._call("GET", path, {}, params=given)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        options: Mapping[str, str] | None = None,
    ) -> Json:
        """The answer to a POST; `timeout_s` bounds the wait for it. What is wrong at a place of the
        body is told of the option that `options` names for it.
        """
        sent = {"json": body, "headers": headers, "timeout": timeout_s}
        return self._call("POST", path, options or {}, **sent)

    def _call(self, method: str, path: str, named: Mapping[str, str], **request: Any) -> Json:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise NoAnswer(f"no answer from {self._http.base_url}: {reason}") from error
        if answer.is_success:
            return cast(Json, answer.json())
        message = _problem(answer, named)
        raise NoAnswer(message) if answer.is_server_error else BadInput(message)


@contextmanager
def connected(settings: Settings) -> Generator[Client, None, None]:
    """A client of the process on this data folder; raises NothingRuns or TokenFileError."""
    running = read_running(settings)
    headers = {"Authorization": f"Bearer {known_token(settings)}"}
    # Loopback or a host of the user's own: a proxy of the environment is not asked.
    with httpx.Client(
        base_url=running.url, headers=headers, timeout=TIMEOUT_S, trust_env=False
    ) as http:
        yield Client(http)


def _problem(answer: httpx.Response, named: Mapping[str, str]) -> str:
    """The text of a problem document (RFC 9457), else the status."""
    try:
        problem: object = answer.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        found = cast(Json, problem)
        if found.get("code") == NO_ROUTE:
            where = f"{answer.request.method} {answer.request.url}"
            return f"nothing answers {where}: does that process run the service that would?"
        text = _wrong(found, named) or found.get("detail") or found.get("title")
        if text:
            return str(text)
    return f"the HTTP API answered {answer.status_code} {answer.reason_phrase}"


def _wrong(problem: Json, named: Mapping[str, str]) -> str:
    """What is wrong, option by option; empty where no place is named."""
    found = ((_option(one, named), one["detail"]) for one in problem.get("errors", ()))
    return "; ".join(f"{option}: {detail}" for option, detail in found)


def _option(wrong: Json, named: Mapping[str, str]) -> str:
    """The option that a place of the body came from, or what holds the place; else the place."""
    holder = place = str(wrong.get("pointer") or wrong.get("parameter"))
    while holder and holder not in named:
        holder = holder.rpartition("/")[0]
    return named.get(holder, place)
