"""What a local node's folder says about it, so that another process can stop it."""

import json
import os
import subprocess  # nosec: ps only
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.kafka.ports import HOST, Ports

STATE_FILE = "state.json"


@dataclass(frozen=True)
class KafkaState:
    """A node that was started from `folder`. Addresses are HOST:PORT; "" is not there."""

    pid: int
    folder: str
    bootstrap: str
    sasl_ssl: str
    ssl: str
    ports: Ports

    @property
    def tls_folder(self) -> Path:
        """Where `ca.pem`, `client.crt` and `client.key` of a secured node lie."""
        return Path(self.folder) / "tls"

    @property
    def log_file(self) -> Path:
        """The node's log."""
        return Path(self.folder) / "kafka.log"


def new_state(pid: int, folder: Path, ports: Ports) -> KafkaState:
    """The state of a node just started."""
    return KafkaState(
        pid=pid,
        folder=str(folder),
        bootstrap=_address(ports.broker),
        sasl_ssl=_address(ports.sasl_ssl),
        ssl=_address(ports.ssl),
        ports=ports,
    )


def read_state(folder: Path) -> KafkaState | None:
    """What was written last, running or not; None if nothing was."""
    try:
        fields = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        return KafkaState(**{**fields, "ports": Ports(**fields["ports"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def write_state(state: KafkaState) -> None:
    """Replace the state file in one step."""
    path = Path(state.folder) / STATE_FILE
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(asdict(state)), encoding="utf-8")
    aside.replace(path)


def is_running(state: KafkaState) -> bool:
    """Whether its process lives and is that node: process ids are used again by others."""
    return str(Path(state.folder) / "server.properties") in _command_line(state.pid)


def _address(port: int) -> str:
    return f"{HOST}:{port}" if port else ""


def _command_line(pid: int) -> list[str]:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
        except OSError:
            return []
    ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    done = subprocess.run(ps, capture_output=True, text=True, check=False, env={**os.environ})
    return done.stdout.split()
