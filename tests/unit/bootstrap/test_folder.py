"""The data folder says who runs on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.bootstrap.errors import NothingRuns
from orchestrator.bootstrap.folder import (
    Running,
    known_token,
    make_token,
    read_running,
    remove_running,
    write_running,
)
from orchestrator.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of their own."""
    return Settings.model_validate({"data": tmp_path})


def test_who_runs_is_read_back_and_gone_afterwards(settings: Settings) -> None:
    running = Running(os.getpid(), "http://127.0.0.1:1", "127.0.0.1:2", embedded=True)
    write_running(settings, running)
    assert read_running(settings) == running
    remove_running(settings)
    with pytest.raises(NothingRuns, match="saga up"):
        read_running(settings)


def test_a_process_that_is_no_more_runs_nothing(settings: Settings) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    write_running(settings, Running(gone.pid, "http://127.0.0.1:1", "127.0.0.1:2", embedded=False))
    with pytest.raises(NothingRuns):
        read_running(settings)


def test_half_a_file_runs_nothing(settings: Settings) -> None:
    (settings.data / "running.json").write_text('{"pid": 1', encoding="utf-8")
    with pytest.raises(NothingRuns):
        read_running(settings)


def test_the_token_is_made_once_and_private(settings: Settings) -> None:
    token = make_token(settings)
    assert make_token(settings) == token == known_token(settings)
    assert (settings.data / "token").stat().st_mode & 0o777 == 0o600


def test_a_configured_token_goes_first(settings: Settings) -> None:
    make_token(settings)
    configured = Settings.model_validate({"data": settings.data, "token": "t" * 20})
    assert make_token(configured) == known_token(configured) == "t" * 20
