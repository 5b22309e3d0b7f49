"""A data folder belongs to one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.datastore import FolderInUse, FolderLock, FolderNotWritable, ensure_folder

HOLD = """
import sys
from infra.datastore import FolderLock
FolderLock(sys.argv[1]).acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_process(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_by_name_until_the_first_is_gone(other_process, tmp_path: Path):
    lock = FolderLock(tmp_path / "data")
    with pytest.raises(FolderInUse, match=rf"{tmp_path}/data.* process {other_process.pid};"):
        lock.acquire()
    other_process.kill()
    other_process.wait()
    with lock:
        assert (tmp_path / "data" / "lock").read_text() == f"{os.getpid()}\n"


def test_in_one_process_too_it_is_had_once(tmp_path: Path):
    with FolderLock(tmp_path), pytest.raises(FolderInUse, match=str(os.getpid())):
        FolderLock(tmp_path).acquire()
    with FolderLock(tmp_path):
        pass


def test_release_twice_is_harmless(tmp_path: Path):
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()
    lock.release()
    lock.acquire()
    lock.release()


def test_the_lock_file_is_for_its_owner_only(tmp_path: Path):
    with FolderLock(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_is_made_with_its_parents_and_left_clean(tmp_path: Path):
    folder = ensure_folder(tmp_path / "a" / "b")
    assert folder == tmp_path / "a" / "b"
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_made_says_which_and_why(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderNotWritable, match=r"file/data cannot be written: Not a directory"):
        FolderLock(tmp_path / "file" / "data").acquire()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_permission_says_which_and_why(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(FolderNotWritable, match="Permission denied"):
        ensure_folder(tmp_path)
    tmp_path.chmod(0o700)
