"""A collector that this process exports to."""

import os
from collections.abc import Iterator

import pytest

from tests.otlp import Receiver, otlp_receiver


@pytest.fixture(name="collector")
def _collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Named by the standard variable; whatever else the environment says of OTEL is gone."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        yield receiver
