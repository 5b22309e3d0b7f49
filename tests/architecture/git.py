"""What git says of this checkout; where there is no git or no checkout, a test skips."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def ask(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Ask git about this checkout; its answer, whatever its exit status."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 128:  # git's own: not a repository, or not one it trusts
        pytest.skip(f"this is no git checkout: {done.stderr.strip()}")
    return done


def files(*arguments: str) -> set[str]:
    """The names that `git ls-files` lists and that are there."""
    listed = ask("ls-files", "-z", *arguments).stdout.split("\0")
    return {name for name in listed if name and (ROOT / name).is_file()}


def ignores(name: str) -> bool:
    """Does git ignore that name?"""
    return ask("check-ignore", "--quiet", name).returncode == 0
