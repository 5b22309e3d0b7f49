"""Which ``traceparent`` a saga and its messages carry.

Span ids are derived from what they stand for, so that a command sent twice is one span, and whoever
sends the spans, after a crash too, finds the same ids again.
"""

from hashlib import blake2b

from infra.telemetry import Spans
from infra.telemetry.context import trace_id, valid, with_span
from orchestrator.engine.state import State


def trace_of_start(
    given: str | None, tenant: int, definition: str, key: str, spans: Spans | None = None
) -> str:
    """The ``traceparent`` a saga lives under: the caller's if it is valid, else one of its own.

    Of a trace that begins here ``spans`` says whether it is sampled; without it, it is: the
    services may export what this process does not.
    """
    if found := valid(given):
        return found
    trace = blake2b(f"{tenant}\0{definition}\0{key}".encode(), digest_size=24).hexdigest()
    flags = "01" if spans is None or spans.begins(trace[:32]) else "00"
    return f"00-{trace[:32]}-{trace[32:]}-{flags}"


def traceparent(trace: str, what: str) -> str:
    """The ``traceparent`` of one message of a saga: its trace, a span id derived from ``what``."""
    return with_span(trace, blake2b(what.encode(), digest_size=8).hexdigest())


def saga_traceparent(state: State) -> str:
    """The ``traceparent`` of the saga's own span; events about the saga carry it."""
    return traceparent(state.trace, f"{state.tenant}/{state.saga}")


def caller_of(state: State) -> str:
    """The ``traceparent`` that came with the start; empty where the trace began with the saga."""
    own = trace_of_start(None, state.tenant, state.definition, state.key)
    return "" if trace_id(own) == trace_id(state.trace) else state.trace
