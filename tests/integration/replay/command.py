"""The real command line in a thread of the test's process, on the test's broker."""

import asyncio
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from orchestrator.cli.main import run


class SagaCommand:
    """`await saga("replay", "rebuild")`: its exit code; ``said`` is what the last one printed."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path
    ) -> None:
        self._capsys = capsys
        self._patch = monkeypatch
        self._data = data
        self._broker: list[str] = []
        self.said = ""

    def on(self, broker: BrokerSettings) -> "SagaCommand":
        """The broker of the commands that take one."""
        self._patch.setenv("KAFKA_TOPIC_PREFIX", broker.topic_prefix)
        self._broker = ["--broker", broker.address]
        return self

    async def __call__(self, *words: str) -> int:
        broker = self._broker if words[0] == "replay" else []
        self._capsys.readouterr()
        code = await asyncio.to_thread(run, [*words, *broker, "--data", str(self._data)])
        out, err = self._capsys.readouterr()
        self.said = " ".join((out + err).split())
        return code


def names(folder: Path, pattern: str) -> list[str]:
    """The files of a folder whose names fit."""
    return sorted(file.name for file in folder.glob(pattern))
