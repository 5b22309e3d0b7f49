"""Starts and stops the embedded broker from the process that wants it."""

import contextlib
import json
import os
import selectors
import subprocess  # nosec: our own module, no shell
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.embedded_broker.errors import EmbeddedBrokerError

ANSWER_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class EmbeddedBroker:
    """One embedded broker in a subprocess that dies with this process. See `LIMITS`.

    `group_delay_ms`: how long a new consumer group waits for more members; there can be only one.
    """

    def __init__(self, *, group_delay_ms: int = 0) -> None:
        self._group_delay_ms = group_delay_ms
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def start(self, topics: Mapping[str, int]) -> str:
        """Start it with these topics (name: partitions); returns its HOST:PORT.

        Declare every topic: one that is only asked for springs up with four partitions. Raises
        `EmbeddedBrokerError` with the reason; nothing is left running then.
        """
        if self._child is not None:
            raise EmbeddedBrokerError("the embedded broker runs already")
        self._child = self._spawn()
        try:
            return self.create_topics(topics)
        except BaseException:
            self.stop()
            raise

    def create_topics(self, topics: Mapping[str, int]) -> str:
        """Create more topics while it runs; returns its HOST:PORT. Raises `EmbeddedBrokerError`,
        e.g. for a topic that is there already."""
        with self._lock:
            answer = self._ask(json.dumps(dict(topics)))
        if "error" in answer:
            raise EmbeddedBrokerError(f"the embedded broker: {answer['error']}")
        return answer["bootstrap"]

    def stop(self) -> None:
        """End the subprocess and wait for its end. Harmless when it does not run."""
        child, self._child = self._child, None
        if child is None:
            return
        with child:
            assert child.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it is dead, with a request unread
                child.stdin.close()
            try:
                child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()

    @property
    def pid(self) -> int | None:
        """Process id of the broker, None when it does not run."""
        return self._child.pid if self._child else None

    def alive(self) -> bool:
        """Whether the broker's process still runs."""
        return self._child is not None and self._child.poll() is None

    def wait(self) -> str:
        """Block until the broker's process has ended, for whatever reason; says how."""
        child = self._child
        if child is None:
            return "it does not run"
        code = child.wait()
        return f"it was killed by signal {-code}" if code < 0 else f"it ended with code {code}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _spawn(self) -> subprocess.Popen[str]:
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), str(PACKAGE_ROOT)]))
        return subprocess.Popen(
            [sys.executable, "-m", "infra.embedded_broker.child", str(self._group_delay_ms)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )

    def _ask(self, line: str) -> dict[str, str]:
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise EmbeddedBrokerError()
        with contextlib.suppress(BrokenPipeError):  # the answer, or its absence, says why
            child.stdin.write(line + "\n")
            child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            if not selector.select(ANSWER_TIMEOUT_S):
                raise EmbeddedBrokerError(f"no answer from it within {ANSWER_TIMEOUT_S:.0f} s")
        answer = child.stdout.readline()
        if not answer:
            raise EmbeddedBrokerError(f"it ended with code {child.wait()}")
        return json.loads(answer)
