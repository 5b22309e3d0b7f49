"""The command line, on the data folder of the test."""

from pathlib import Path

import pytest

from tests.integration.replay.command import SagaCommand


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """The data folder."""
    return tmp_path / "data"


@pytest.fixture(name="saga_command")
def _saga_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> SagaCommand:
    """The `saga` command on that folder."""
    return SagaCommand(capsys, monkeypatch, folder)
