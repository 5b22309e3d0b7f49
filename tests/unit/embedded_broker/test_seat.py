"""A place on an embedded broker is had by one, and leaves nothing behind."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from infra.embedded_broker import SeatTaken, take_seat

HOLDER = (
    "import sys\nfrom infra.embedded_broker import take_seat\n"
    "seat = take_seat('127.0.0.1:1', 'payment')\nprint('taken', flush=True)\nsys.stdin.read()\n"
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_had_by_one_and_given_back(tmp_path: Path) -> None:
    seat = take_seat("127.0.0.1:1", "payment")
    with pytest.raises(SeatTaken, match=r"another payment uses .* at 127\.0\.0\.1:1"):
        take_seat("127.0.0.1:1", "payment")
    others = [take_seat("127.0.0.1:1", "orders"), take_seat("127.0.0.1:2", "payment")]
    seat.release()
    again = take_seat("127.0.0.1:1", "payment")
    for one in (again, *others, seat):
        one.release()
    assert not list(tmp_path.iterdir())


def test_what_a_crash_left_is_removed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with pytest.raises(SeatTaken):
            take_seat("127.0.0.1:1", "payment")
        holder.kill()
    assert list(tmp_path.iterdir())
    take_seat("127.0.0.1:9", "orders").release()
    assert not list(tmp_path.iterdir())
