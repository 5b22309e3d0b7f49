"""A collector that this process exports to."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.otlp import Receiver, otlp_receiver


@pytest.fixture(name="collector")
def _collector(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Receiver]:
    """Named by the standard variable; whatever environment and .env say of OTEL is gone."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        yield receiver
