"""Structured logs: JSON in production, readable lines on a terminal; one set-up per process."""

from infra.logging.binding import bound
from infra.logging.setup import Destination, LoggingError, configure, get_logger

__all__ = ["Destination", "LoggingError", "bound", "configure", "get_logger"]
