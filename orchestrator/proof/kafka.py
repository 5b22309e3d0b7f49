"""A Kafka for the parts that need one: the one that was named, or one of this run's own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from orchestrator.proof.parts import CLI

START_S = 300.0
"""Kafka may have to be fetched first."""


class Place(NamedTuple):
    """Where Kafka is; or ``why`` there is none."""

    address: str
    why: str = ""


@contextmanager
def kafka(folder: Path, address: str | None) -> Generator[Place]:
    """The address that was given, or of a Kafka that runs as long as the block."""
    if address:
        yield Place(address)
        return
    words = ["kafka", "start", "--data", str(folder), "--port", "0", "--json"]
    try:
        done = subprocess.run(
            [sys.executable, *CLI, *words],
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield Place("", f"Kafka did not start within {START_S:.0f} s")
        return
    if done.returncode != 0:
        yield Place("", done.stderr.strip() or "Kafka did not start")
        return
    facts = json.loads(done.stdout)
    try:
        yield Place(str(facts["bootstrap"]))
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(facts["pid"]), signal.SIGTERM)
