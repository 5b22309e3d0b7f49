"""Pages: templates filled for whoever looks, with the headers that keep them strict."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from infra.clock import Clock, rfc3339
from infra.http.forms import CSRF_FIELD
from infra.http.guards import Principal
from infra.templating import templates_of
from orchestrator.admin.times import clock, offset
from orchestrator.admin.ui.looks import standing

PACKAGE: Final = "orchestrator.admin.ui"
HOME: Final = "/ui"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
ASSETS: Final = {
    "ui.css": ("text/css", ("ui.css",)),
    # As one, in this order: htmx begins as soon as it gets a moment, and must find its extension
    # and our listeners there.
    "live.js": ("text/javascript", ("htmx.min.js", "hx-sse.min.js", "ui.js")),
    "icon.svg": ("image/svg+xml", ("icon.svg",)),
}


class Pages:
    """Renders the pages of the web UI."""

    def __init__(self, clock_of: Clock) -> None:
        self._clock = clock_of
        filters = {
            "ago": ago,
            "brief": brief,
            "clock": clock,
            "rfc3339": rfc3339,
            "json": as_json,
            "mark": standing,
            "offset": offset,
        }
        self._templates = templates_of(PACKAGE, filters)

    def show(
        self,
        template: str,
        request: Request,
        who: Principal | None,
        status: int = 200,
        **context: Any,
    ) -> Response:
        """One page. ``who`` None: for somebody who is not logged in."""
        session = who.session if who else None
        html = self._templates.get_template(template).render(
            who=who,
            csrf=session.csrf if session else "",
            csrf_field=CSRF_FIELD,
            home=HOME,
            path=request.url.path,
            now=self._clock.now_ms(),
            **context,
        )
        return HTMLResponse(html, status, {"Content-Security-Policy": POLICY})


def ago(at: int, now: int) -> str:
    """How long ago, or in how long: `3 s ago`, `in 2 min`; ui.js says the same."""
    seconds = round((at - now) / 1_000)
    size = abs(seconds)
    unit, name = next(((u, n) for u, n in _UNITS if size >= u), (1, "s"))
    text = f"{size // unit} {name}"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def brief(text: str) -> str:
    """The first part of why a saga waits."""
    return text.partition(" since ")[0].partition(",")[0]


def as_json(data: Mapping[str, Any]) -> str:
    """Data for people: indented, as UTF-8."""
    return json.dumps(data, ensure_ascii=False, indent=2, default=str)


@cache
def asset(name: str) -> bytes:
    """What the pages load under this name: a file, or several as one."""
    folder = files(PACKAGE).joinpath("static")
    return b"\n;\n".join(folder.joinpath(part).read_bytes() for part in ASSETS[name][1])
