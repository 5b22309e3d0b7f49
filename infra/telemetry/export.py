"""Spans over OTLP/HTTP by OpenTelemetry's SDK; loaded only in a process that exports.

The SDK's tracer is not used: it holds spans open and mints their ids. Its exporter, its queue with
a thread of its own, its samplers and its resources are, and so are the variables they read.
"""

import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.context import attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from infra.telemetry.attributes import SERVICE_INSTANCE_ID, SERVICE_NAME
from infra.telemetry.spans import Finished, Kind

_UNNAMED: Final = "unknown_service"  # what the SDK calls a service that nobody has named
_SCOPE: Final = InstrumentationScope("saga")
_KINDS: Final[dict[Kind, SpanKind]] = {
    "internal": SpanKind.INTERNAL,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class Exporter:
    """One queue, one thread and one connection for all roles of a process."""

    def __init__(self) -> None:
        self._processor = BatchSpanProcessor(OTLPSpanExporter())
        # Of the provider only its reading of OTEL_TRACES_SAMPLER is of use.
        self._sampler: Sampler = TracerProvider(shutdown_on_exit=False).sampler
        self._instance = str(uuid.uuid4())

    def role(self, name: str) -> "OtlpSpans":
        """The spans of one role; names that the environment gives come before this one."""
        found = Resource.create()
        own: dict[str, str] = {}
        if str(found.attributes.get(SERVICE_NAME, _UNNAMED)).startswith(_UNNAMED):
            own[SERVICE_NAME] = name
        if SERVICE_INSTANCE_ID not in found.attributes:
            own[SERVICE_INSTANCE_ID] = self._instance
        return OtlpSpans(found.merge(Resource(own)), self._processor, self._sampler)

    def close(self, timeout_s: float) -> bool:
        """Export what is queued, for this long at most; whether all of it was taken in time."""
        # The SDK's own limit is 30 s: too long for a process that was told to stop.
        last = threading.Thread(target=self._processor.shutdown, name="last-spans", daemon=True)
        last.start()
        last.join(timeout_s)
        return not last.is_alive()


class OtlpSpans:
    """See ``infra.telemetry.spans.Spans``."""

    def __init__(self, resource: Resource, processor: BatchSpanProcessor, sampler: Sampler) -> None:
        self._resource = resource
        self._processor = processor
        self._sampler = sampler

    def begins(self, trace_id: str) -> bool:
        """See ``Spans.begins``."""
        return self._sampler.should_sample(None, int(trace_id, 16), "saga").decision.is_sampled()

    def samples(self, traceparent: str) -> bool:
        """See ``Spans.samples``."""
        given = _context(traceparent, remote=True)
        above = set_span_in_context(NonRecordingSpan(given))
        return self._sampler.should_sample(above, given.trace_id, "saga").decision.is_sampled()

    @contextmanager
    def under(self, traceparent: str) -> Iterator[None]:
        """See ``Spans.under``."""
        token = attach(set_span_in_context(NonRecordingSpan(_context(traceparent))))
        try:
            yield
        finally:
            detach(token)

    def send(self, spans: Iterable[Finished]) -> None:
        """See ``Spans.send``."""
        for span in spans:
            self._processor.on_end(self._readable(span))

    def _readable(self, span: Finished) -> ReadableSpan:
        own = _context(span.traceparent)
        sampled = TraceFlags(own.trace_flags | TraceFlags.SAMPLED)
        return ReadableSpan(
            span.name,
            SpanContext(own.trace_id, own.span_id, is_remote=False, trace_flags=sampled),
            _context(span.parent, remote=True) if span.parent else None,
            self._resource,
            attributes=span.attributes,
            events=[Event(event.name, event.attributes, event.at_ns) for event in span.events],
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(),
            start_time=span.start_ns,
            end_time=max(span.start_ns, span.end_ns),
            instrumentation_scope=_SCOPE,
        )


def _context(traceparent: str, *, remote: bool = False) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), remote, TraceFlags(int(flags, 16)))
