"""Traces and metrics: names in one place, exported by the standards."""

from infra.telemetry.pipeline import exporting, spans_of
from infra.telemetry.spans import Event, Finished, Spans

__all__ = ["Event", "Finished", "Spans", "exporting", "spans_of"]
