"""The two systems under load as processes: the orchestrator with its services, and the bare
loop.
"""

from collections.abc import Iterable
from pathlib import Path

from infra.broker.settings import BrokerSettings
from orchestrator.bench.listeners import listening_on
from orchestrator.bench.runs import Deployment
from orchestrator.definition.nodes import Definition
from orchestrator.definition.tree import commands_of

SAGA = "orchestrator.cli"
YARDSTICK = "orchestrator.bench.yardstick"


def product(
    app: str, definition: Definition, services: Iterable[str], broker: BrokerSettings, folder: Path
) -> Deployment:
    """One orchestrator process, and one with the services that the definition commands."""
    needed = services_of(definition, services)
    home = _made(folder / "product")
    return Deployment(
        "saga",
        {
            "orchestrator": (SAGA, "orchestrator", "--data", str(home / "orchestrator")),
            "services": (SAGA, "service", *needed, "--data", str(home / "services")),
        },
        environment(app, broker),
        home,
    )


def services_of(definition: Definition, services: Iterable[str]) -> list[str]:
    """Those of the services that the definition commands."""
    called = {call.topic for call in commands_of(definition.body)}
    return [name for name in services if f"{name}.commands" in called]


def environment(app: str, broker: BrokerSettings) -> dict[str, str]:
    """What the product's processes find in the environment: sagas run as they were written."""
    env = {
        "SAGA_APP": app,
        "SAGA_HTTP_PORT": "0",
        "SAGA_LOG_LEVEL": "warning",
        "SAGA_OVERRIDES": "{}",
    }
    return env | _kafka(broker)


def yardstick(broker: BrokerSettings, folder: Path) -> Deployment:
    """The same two processes of the bare loop."""
    home = _made(folder / "yardstick")
    roles = ("loop", "services")
    processes = {
        f"yardstick {role}": (YARDSTICK, role, str(_made(home / f"{role}-data"))) for role in roles
    }
    return Deployment("yardstick", processes, _kafka(broker), home)


def broker_process(broker: BrokerSettings) -> dict[str, int]:
    """The broker's process where it runs on this machine and may be seen."""
    pid = listening_on(int(broker.bootstrap_servers[0].rpartition(":")[2]))
    return {"broker": pid} if pid else {}


def _kafka(broker: BrokerSettings) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "KAFKA_TOPIC_PREFIX": broker.topic_prefix,
        "KAFKA_EMBEDDED": str(broker.embedded).lower(),
    }


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
