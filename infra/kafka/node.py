"""Starts, stops and finds one Apache Kafka node on loopback, without Docker."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess  # nosec: java with our own arguments
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from infra.kafka.artifacts import fetch
from infra.kafka.certificates import make_certificates
from infra.kafka.config import Secured, server_properties
from infra.kafka.errors import LocalKafkaError, StartFailed
from infra.kafka.ports import Ports, all_free, answers, free_ports
from infra.kafka.programs import program, run
from infra.kafka.state import KafkaState, is_running, new_state, read_state, write_state

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
RELEASE_TIMEOUT_S = 2.0
POLL_S = 0.05
LOG_KEPT = 2000
JVM = ("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:+ExitOnOutOfMemoryError")
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


class LocalKafka:
    """One KRaft node in `folder`, found again there by any process.

    `port`: the broker's port, None for a free one (the last one used, if it is free). `heap`: the
    Java heap. `secured`: TLS listeners beside the plain one. `cache`: where the jars are kept.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        heap: str = "512m",
        secured: Secured | None = None,
        cache: Path | None = None,
    ) -> None:
        self._folder = folder.absolute()
        self._port = port
        self._heap = heap
        self._secured = secured
        self._cache = cache
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> KafkaState:
        """Fetch if need be, format the data folder if it is new, start, and wait until it answers.

        A node that runs already is returned as it is. Raises `ProgramMissing`, `FetchFailed`,
        `StartFailed` (with the end of its log).
        """
        java, jars = program("java"), fetch(self._cache)
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder / "lock"):
            running = self.status()
            if running is not None:
                return running
            ports = self._choose_ports()
            self._configure(ports)
            classpath = f"{jars}{os.sep}*"
            self._format([java, *LOGGING, "-cp", classpath])
            command = [java, f"-Xmx{self._heap}", *JVM, *LOGGING, "-cp", classpath]
            return self._launch(command, ports)

    def stop(self, *, kill: bool = False) -> bool:
        """End the node by its process id and wait; False when none runs. `kill`: at once, as in a
        crash. The data stays. Raises `LocalKafkaError` when it will not end."""
        state = self.status()
        if state is None:
            return False
        for number in (signal.SIGKILL,) if kill else (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(state.pid, number)
            if _wait(lambda: not is_running(state), STOP_TIMEOUT_S):
                if self._child is not None:
                    self._child.wait()
                # its last threads may hold the ports a moment longer; a stranger may, for good
                _wait(lambda: all_free(state.ports), RELEASE_TIMEOUT_S)
                return True
        raise LocalKafkaError(f"process {state.pid} does not end")

    def status(self) -> KafkaState | None:
        """The node that runs from this folder, or None."""
        state = read_state(self._folder)
        return state if state is not None and is_running(state) else None

    def remove(self) -> None:
        """Stop the node and delete its folder with all data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    def _choose_ports(self) -> Ports:
        last = read_state(self._folder)
        secured = self._secured is not None
        if last is not None and bool(last.ports.ssl) == secured and all_free(last.ports):
            ports = last.ports
        else:
            ports = free_ports(secured=secured)
        return ports if self._port is None else replace(ports, broker=self._port)

    def _configure(self, ports: Ports) -> None:
        if self._secured is not None:
            make_certificates(self._folder / "tls")
        text = server_properties(self._folder, ports, self._secured)
        self._properties.write_text(text, encoding="utf-8")

    def _format(self, java: list[str]) -> None:
        if (self._folder / "data" / "meta.properties").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # in one word: an id may begin with a dash, and would be taken for an option
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
        command += ["-c", str(self._properties)]
        for name, password in (self._secured.users if self._secured else {}).items():
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                command += ["--add-scram", f"{mechanism}=[name={name},password={password}]"]
        run(command, failure=StartFailed, timeout_s=START_TIMEOUT_S)

    def _launch(self, java: list[str], ports: Ports) -> KafkaState:
        log = self._folder / "kafka.log"
        with log.open("ab") as output:
            begin = output.tell()
            # pylint: disable-next=consider-using-with  # it outlives this process
            child = self._child = subprocess.Popen(
                [*java, "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C in a terminal is not for the node
            )
        state = new_state(child.pid, self._folder, ports)
        write_state(state)
        settled = _wait(lambda: child.poll() is not None or answers(ports.broker), START_TIMEOUT_S)
        if not settled or child.poll() is not None:
            child.kill()
            child.wait()
            tail = log.read_bytes()[begin:][-LOG_KEPT:].decode(errors="replace")
            raise StartFailed(f"Kafka did not start on port {ports.broker}:\n{tail.strip()}")
        return state


def _wait(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two starts of one folder at once: the second waits and finds the first one's node."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
