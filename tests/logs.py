"""Logging is one per process: a test that sets it up leaves it as it was found."""

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Whatever the test configures is gone after it."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    # configure() closes the handlers it replaces, and pytest's must stay open.
    root.handlers[:] = []
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**config)
