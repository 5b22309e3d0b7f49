"""Sets up structlog and the standard library's logging to write the same lines to one place.

No payloads at INFO: fields that hold the content of messages are left out of every line above
DEBUG, and what looks like a secret is masked at every level.
"""

import logging
import re
import sys
from pathlib import Path
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from infra.clock import SystemClock
from infra.logging.binding import add_work
from infra.logging.clients import CHATTY, FewLines

Format = Literal["auto", "console", "json"]
Destination = Path | TextIO | None

_PAYLOADS: Final = frozenset(
    {"body", "command", "data", "input", "payload", "raw", "reply", "value"}
)
_SECRET: Final = re.compile(r"authorization|cookie|csrf|password|secret|token$", re.IGNORECASE)


class LoggingError(Exception):
    """The log cannot be written where it should go."""


def configure(
    format: Format = "auto",
    level: str = "info",
    destination: Destination = None,
    *,
    quiet_clients: bool = False,
) -> None:
    """Set up logging for this process; called again, the last call counts.

    ``format``: ``auto`` is ``console`` when the destination is a terminal, else ``json``.
    ``level``: debug, info, warning or error. ``destination``: a file (appended to), a stream, or
    None for stderr. ``quiet_clients``: nothing of third-party clients; for a command on topics a
    moment old, whose leaders are not elected yet, and which tells what goes wrong by itself.
    Raises LoggingError when the file cannot be opened.
    """
    handler = _handler(destination)
    # On the handler: others may still read what a client says (infra.broker.probe).
    handler.addFilter(
        FewLines(SystemClock(), logging.CRITICAL if quiet_clients else logging.NOTSET)
    )
    console = format == "console" or (format == "auto" and handler.stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_work,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _careful,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(console, colours=handler.stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    threshold = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(threshold)
    for name in CHATTY:  # their INFO is our DEBUG
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING) if threshold > 10 else 10)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # A level set later must reach the loggers that modules made when they were imported.
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> Any:
    """The logger of a module: ``log = get_logger(__name__)``."""
    return structlog.stdlib.get_logger(name)


def _handler(destination: Destination) -> "logging.StreamHandler[Any]":
    if not isinstance(destination, Path):
        return logging.StreamHandler(destination or sys.stderr)
    try:
        return logging.FileHandler(destination, encoding="utf-8")
    except OSError as error:
        raise LoggingError(f"cannot write the log {destination}: {error.strerror}") from error


def _renderers(console: bool, colours: bool) -> list[Processor]:
    if console:
        # The prettier tracebacks show local variables, and those hold payloads.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


def _careful(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
    for name in list(event):
        if _SECRET.search(name):
            event[name] = "***"
        elif method != "debug" and name in _PAYLOADS:
            del event[name]
    return event
