"""The disk beside the HTTP benchmark: what its syncs take, and one that cannot be probed."""

import errno
import threading
from pathlib import Path

import pytest

from infra.clock import SystemClock
from orchestrator.bench.http.disk import Disk, disk_watched


def test_the_share_of_the_time_in_which_the_disk_stood_still():
    watched = Disk()
    watched.seconds += [0.002] * 98 + [0.0101, 0.5]
    watched.watched_s = 10.0
    figures = {"p50_ms": 2, "p99_ms": 500, "max_ms": 500, "stalled_percent": 5.1}
    assert watched.figures() == figures


def test_a_disk_is_watched_and_nothing_is_left_on_it(tmp_path: Path):
    with disk_watched(tmp_path, SystemClock()) as found:
        pass
    assert not list(tmp_path.iterdir())
    figures = found.figures()
    assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"]
    assert 0 <= figures["stalled_percent"] <= 100


def test_a_disk_that_cannot_be_probed_says_why_and_holds_up_nothing(tmp_path: Path):
    with disk_watched(tmp_path / "gone", SystemClock()) as found:
        pass
    why = f"{tmp_path / 'gone' / 'disk-probe'} cannot be written: No such file or directory"
    assert found.figures() == {"trouble": why}


def test_a_disk_that_is_full_in_the_middle_has_no_figures_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    failed = threading.Event()

    def full(*_: object) -> int:
        failed.set()
        raise OSError(errno.ENOSPC, "No space left on device")

    with disk_watched(tmp_path, SystemClock()) as found:
        monkeypatch.setattr("orchestrator.bench.http.disk.os.pwrite", full)
        assert failed.wait(5)
    assert not list(tmp_path.iterdir())
    assert "No space left" in found.figures()["trouble"]
