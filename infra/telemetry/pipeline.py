"""Where spans go: over OTLP/HTTP, as the standard ``OTEL_*`` variables say; nowhere unless they do.

Spans are exported when an OTLP endpoint is named (``OTEL_EXPORTER_OTLP_ENDPOINT`` or
``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``) or ``OTEL_TRACES_EXPORTER`` is ``otlp``, and
``OTEL_SDK_DISABLED`` is not ``true``; environment before ``.env``. Headers, certificates, time
limits, sampler, queue sizes and resource attributes are read by OpenTelemetry's own SDK. Source:
its specification of environment variables; that nothing is sent by default is our own rule.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from infra.logging import get_logger
from infra.telemetry.spans import Spans

if TYPE_CHECKING:
    from infra.telemetry.export import Exporter

FLUSH_S: Final = 2.0
"""How long a process that ends waits for its last spans to be taken."""
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_log = get_logger(__name__)
_exporters: "list[Exporter]" = []  # of this process: none or one


@contextmanager
def exporting(flush_s: float = FLUSH_S) -> Iterator[None]:
    """Export this process's spans, if that is asked for, for as long as the block runs.

    Once per process, around all of its parts. A collector that does not answer costs nothing but
    the spans, and at the end ``flush_s`` seconds at most, for which it blocks.
    """
    _read_dotenv()
    if not _wanted(os.environ):
        yield
        return
    # The SDK takes its time to load: only a process that exports pays it.
    from infra.telemetry.export import Exporter  # pylint: disable=import-outside-toplevel

    exporter = Exporter()
    _exporters.append(exporter)
    try:
        yield
    finally:
        _exporters.remove(exporter)
        if not exporter.close(flush_s):
            _log.warning("the last spans were not taken in time", seconds=flush_s)


def spans_of(role: str) -> Spans | None:
    """The spans of one role of this process; None when nothing is exported.

    ``role`` is the ``service.name`` unless the environment gives one.
    """
    return _exporters[-1].role(role) if _exporters else None


def _read_dotenv() -> None:
    """Settings come from ``.env`` too, but the SDK reads the environment alone: put them there."""
    for name, value in dotenv_values(".env").items():
        if name.startswith("OTEL_") and value is not None:
            os.environ.setdefault(name, value)


def _wanted(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    named = any(environment.get(name) for name in _ENDPOINTS)
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip() or ("otlp" if named else "none")
    if exporter == "none":
        return False
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), "")
    if exporter != "otlp" or protocol not in ("", "http/protobuf"):
        _log.warning(
            "no spans are exported: only otlp over http/protobuf is built in",
            exporter=exporter,
            protocol=protocol,
        )
        return False
    return True
