"""The programs of other people that a local Kafka node needs, and running them."""

import shutil
import subprocess  # nosec: fixed programs, no shell
from collections.abc import Sequence
from pathlib import Path

from infra.kafka.errors import LocalKafkaError, ProgramMissing

PACKAGES = {
    "java": "a Java runtime, 17 or newer (Debian/Ubuntu: openjdk-17-jre-headless)",
    "mvn": "Apache Maven (Debian/Ubuntu: maven)",
    "openssl": "OpenSSL (Debian/Ubuntu: openssl)",
}
OUTPUT_KEPT = 2000


def program(name: str) -> str:
    """Path of the program. Raises `ProgramMissing`, naming the package to install."""
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(f"`{name}` is not installed: install {PACKAGES[name]}")
    return found


def run(
    command: Sequence[str | Path],
    *,
    failure: type[LocalKafkaError],
    timeout_s: float,
    cwd: Path | None = None,
) -> str:
    """Run to its end; its output. Raises `failure` with the end of the output."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, cwd=cwd, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise failure(f"{words[0]} took longer than {timeout_s:.0f} s") from error
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).strip()[-OUTPUT_KEPT:]
        raise failure(f"{words[0]} ended with code {done.returncode}:\n{tail}")
    return done.stdout
