"""W3C trace context without a library: which ``traceparent`` a saga and its commands carry.

Span ids are derived from what they stand for, so that a command sent twice is one span, and who
exports spans later finds the same ids again. Source: W3C Trace Context, level 1.
"""

import re
from hashlib import blake2b
from typing import Final

_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def trace_of_start(given: str | None, tenant: int, definition: str, key: str) -> str:
    """The ``traceparent`` a saga lives under: the caller's if it is valid, else one of its own."""
    if given and _TRACEPARENT.fullmatch(given):
        return given
    trace = blake2b(f"{tenant}\0{definition}\0{key}".encode(), digest_size=24).hexdigest()
    return f"00-{trace[:32]}-{trace[32:]}-01"


def traceparent(trace: str, what: str) -> str:
    """The ``traceparent`` of one message of a saga: its trace, a span id derived from ``what``."""
    return f"{trace[:36]}{blake2b(what.encode(), digest_size=8).hexdigest()}{trace[52:]}"
