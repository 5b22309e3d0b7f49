"""Room on a disk that is taken away from a running process, and given back.

- ``tmpfs``: its folder lies on a small file system of its own, and somebody fills it (ENOSPC, which
  SQLite calls "full").
- ``limit``: RLIMIT_FSIZE, which the kernel enforces on everything that the process writes, its log
  too (EFBIG, which SQLite calls an I/O error; SIGXFSZ, which would kill it, is ignored by Python).
"""

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

SIZE_MB = 24
Taken = Callable[[], AbstractContextManager[None]]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of ``SIZE_MB`` at this folder; skips where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("no tmpfs: only root may mount one")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is free on the file system of this folder."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(pid: int) -> Iterator[None]:
    """The process can make no file longer than one byte."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
