"""An answer as its bytes, where no application gives it."""

from email.utils import formatdate
from http import HTTPStatus

from infra.http.limits import SECURITY_HEADERS


def rendered(status: int, body: bytes, media_type: str, *, last: bool) -> bytes:
    """The whole answer, with the headers that every answer has; ``last``: the connection is closed
    behind it.
    """
    headers = {
        "date": formatdate(usegmt=True),
        "content-length": str(len(body)),
        "content-type": media_type,
        **{name.lower(): value for name, value in SECURITY_HEADERS.items()},
    }
    if last:
        headers["connection"] = "close"
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
