"""W3C trace context without a library: reading and making ``traceparent``.

Source: W3C Trace Context, level 1: ``00-<32 hex trace id>-<16 hex span id>-<2 hex flags>``.
"""

import re
import secrets
from typing import Final

_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def valid(traceparent: str | None) -> str:
    """The ``traceparent`` if it is one, else nothing: a wrong one is as good as none (W3C)."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else ""


def trace_id(traceparent: str) -> str:
    """The trace id of a valid ``traceparent``."""
    return traceparent[3:35]


def with_span(traceparent: str, span_id: str) -> str:
    """The ``traceparent`` of another span of the same trace."""
    return f"{traceparent[:36]}{span_id}{traceparent[52:]}"


def child_of(parent: str) -> str:
    """The ``traceparent`` of a new span under a valid parent, or of a new trace under none."""
    if parent:
        return with_span(parent, secrets.token_hex(8))
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
