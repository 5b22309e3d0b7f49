"""A machine for the tests of uvw: a PATH with a few tools, stubs for uv and Python, a checkout.

Nothing on it is downloaded, and nothing of this machine's settings reaches it.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UVW = ROOT / "uvw"
SCRIPT = UVW.read_text(encoding="utf-8")
TOOLS = (
    *("awk", "cat", "chmod", "cp", "dirname", "env", "grep"),
    *("mkdir", "mktemp", "readlink", "rm", "sh"),
)

# Prints its arguments and what uvw told it by environment, then ends as it is told to.
UV_STUB = """#!/bin/sh
if [ "$1" = --version ]; then echo "uv {version} (stub)"; exit 0; fi
echo "uv={version}"
for argument; do printf 'argument=<%s>\\n' "$argument"; done
env | grep -E '^(UV_|SSL_CERT_FILE)' || :
exit ${{STUB_STATUS:-0}}
"""

# Answers uvw's questions, lets pip "install" the stub above, and leaves the rename to a real one.
PYTHON_STUB = """#!/bin/sh
echo "$*" >>"$STUB_CALLS"
bin=$(dirname "$0")
case "$*" in
    "-c import ensurepip, venv") exit "${STUB_NO_ENSUREPIP:-0}" ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip --version") exit "${STUB_NO_PIP:-0}" ;;
    "-m pip install "*)
        [ -z "${STUB_PIP_FAILS:-}" ] || { echo "pip: no such host" >&2; exit 1; }
        if [ "$5" = --target ]; then bin=$6/bin; fi
        mkdir -p "$bin" && cp "$STUB_UV" "$bin/uv"
        ;;
    *) exec "$STUB_REAL_PYTHON" "$@" ;;
esac
"""


def constant(name: str) -> str:
    """The value of a constant at the head of uvw."""
    (value,) = re.findall(rf"^{name}=(\S+)", SCRIPT, re.MULTILINE)
    return str(value)


MINIMUM, PINNED = constant("minimum"), constant("version")


def put(path: Path, text: str) -> Path:
    """Write an executable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@dataclass
class Machine:
    """A PATH, a checkout with uvw in it, and a record of what its Python was asked."""

    folder: Path

    def __post_init__(self) -> None:
        self.bin = self.folder / "bin"
        self.checkout = self.folder / "a checkout"
        self.calls = self.folder / "calls"
        self.calls.touch()
        put(self.checkout / "uvw", SCRIPT)
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, f"this machine has no {tool}"
            (self.bin / tool).symlink_to(found)
        put(self.folder / "downloads/uv", UV_STUB.format(version=PINNED))

    def has_uv(self, version: str) -> None:
        """Put a uv of that version on the PATH."""
        put(self.bin / "uv", UV_STUB.format(version=version))

    def has_python(self, name: str = "python3") -> None:
        """Put a Python of that name on the PATH."""
        put(self.bin / name, PYTHON_STUB)

    def environment(self, **extra: str) -> dict[str, str]:
        """The whole environment of a run: nothing of this machine's settings."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder / "home"),
            "STUB_CALLS": str(self.calls),
            "STUB_UV": str(self.folder / "downloads/uv"),
            "STUB_REAL_PYTHON": sys.executable,
            # A file that exists, so that no pip.conf of this machine is read as the user's own.
            "PIP_CONFIG_FILE": os.devnull,
            **extra,
        }

    def start(self, *arguments: str, **extra: str) -> "subprocess.Popen[str]":
        """Start ``uvw ARGUMENTS`` in the checkout."""
        return subprocess.Popen(
            [self.checkout / "uvw", *arguments],
            cwd=self.checkout,
            env=self.environment(**extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **extra: str) -> tuple[int, list[str], str]:
        """Run ``uvw ARGUMENTS``; exit status, lines of output, errors."""
        with self.start(*arguments, **extra) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out.splitlines(), err

    def installed(self) -> list[str]:
        """What lies in .uv of the checkout, half-done things too."""
        return sorted(path.name for path in self.checkout.glob(".uv/*"))
