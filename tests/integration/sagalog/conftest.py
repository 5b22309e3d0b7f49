"""A saga log in a real file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.sagalog.store import SagaLog


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the log of the test is."""
    return tmp_path / "saga.db"


@pytest.fixture
def log(file: Path) -> Iterator[SagaLog]:
    """Its writer."""
    with SagaLog.open(file) as opened:
        yield opened
