"""What can be wrong with a request or with a server's setup, as exceptions.

A `Problem` is answered as an RFC 9457 problem document by `infra.http.problems`; everything else
here is a mistake in the program or its settings and is raised before anything is served.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any


class HttpError(Exception):
    """The HTTP server cannot be set up like this."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class UnguardedRoute(HttpError):
    """A route states no permission; every route must (DESIGN law 13)."""


class OpenToTheWorld(HttpError):
    """Binding to anything but loopback needs a configured token (SAGA_TOKEN)."""


class TokenFileError(HttpError):
    """The file that holds the bearer token cannot be used."""


class Problem(Exception):
    """A request that is refused: raise it in a route or a dependency.

    `code` is for programs and stable, `detail` for people; `errors` lists single places
    (`{"pointer": "#/quantity", "detail": ...}` or `{"parameter": "limit", "detail": ...}`);
    `members` are further members of the document.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or HTTPStatus(status).name.lower()
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})
        self.members = dict(members or {})
