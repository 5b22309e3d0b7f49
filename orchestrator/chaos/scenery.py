"""The folder of a run: the application it writes there, and what every process is told."""

import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.broker.settings import BrokerSettings
from infra.kafka.ports import free_ports
from orchestrator.bootstrap.benchmark import load_benchmark
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application
from orchestrator.chaos.shapes import SIDES, Drawn, draw
from orchestrator.chaos.text import MODULE, source
from orchestrator.definition.application import Application
from orchestrator.definition.tree import commands_of
from orchestrator.definition.words.builder import Saga

SAGA = "orchestrator.cli"
ORCHESTRATORS = ("one", "two")
GROUP = "saga-chaos"
"""The consumer group of the orchestrators."""


@dataclass(frozen=True)
class Scenery:
    """What a run plays: ``base`` is the saga of the application that is started beside the
    drawn ones, ``inputs`` its n-th input.
    """

    folder: Path
    application: Application
    sagas: Mapping[str, Saga]
    drawn: Mapping[str, Drawn]
    base: str
    inputs: Callable[[int, bool], Mapping[str, object]]

    def file(self, orchestrator: str) -> Path:
        """The saga log of that orchestrator process."""
        return self.folder / orchestrator / "saga.db"

    def databases(self) -> dict[str, Path]:
        """Service name -> its database."""
        found = {file.stem: file for file in sorted(self.folder.glob("*/services/*.db"))}
        return {name: found[name] for name in self.application.services if name in found}


def build(folder: Path, seed: int, app: str, app_dir: Path | None) -> Scenery:
    """Draw the definitions, write the application into the folder and load it.

    Raises ApplicationNotLoaded, also where ``app`` declares no load (as `saga bench`).
    """
    loaded = load_benchmark(app, app_dir)
    drawn = draw(seed)
    (folder / f"{MODULE}.py").write_text(source(seed, drawn, app), encoding="utf-8")
    sys.modules.pop(MODULE, None)  # that of another run in this process
    application = load_application(f"{MODULE}:app", folder)
    sagas = {saga.name: saga for saga in load_sagas(application)}
    by_name = {one.name: one for one in drawn}
    return Scenery(folder, application, sagas, by_name, loaded.definition.name, loaded.inputs)


def processes(scenery: Scenery) -> dict[str, tuple[str, ...]]:
    """Name -> module and arguments of every process."""
    topics = {
        call.topic
        for name in (scenery.base, *scenery.drawn)
        for saga in scenery.sagas[name].family()
        for call in commands_of(saga.definition.body)
    }
    ours = [n for n in scenery.application.services if f"{n}.commands" in topics]
    theirs = [name for name in ours if name not in SIDES.values()]
    half = (len(theirs) + 1) // 2
    groups = [theirs[:half], theirs[half:], *([name] for name in SIDES.values() if name in ours)]
    found = {name: _orchestrator(scenery.folder / name) for name in ORCHESTRATORS}
    for names in filter(None, groups):
        home = scenery.folder / "-".join(names)
        found["+".join(names)] = (SAGA, "service", *names, "--data", str(home))
    return found


def _orchestrator(home: Path) -> tuple[str, ...]:
    port = free_ports(secured=False).broker  # the same after every restart
    return (SAGA, "orchestrator", "--data", str(home), "--port", str(port))


def door_of(command: tuple[str, ...]) -> str:
    """The address of the HTTP API that an orchestrator's command serves."""
    return f"http://127.0.0.1:{command[command.index('--port') + 1]}"


def environment(scenery: Scenery, broker: BrokerSettings) -> dict[str, str]:
    """What every process finds in its environment."""
    return {
        "SAGA_APP": f"{MODULE}:app",
        "SAGA_APP_DIR": str(scenery.folder),
        # wherever this process found the application, they find it too
        "PYTHONPATH": ":".join(filter(None, sys.path)),
        "SAGA_LOG_LEVEL": "warning",
        "SAGA_LOG_FORMAT": "console",
        "SAGA_GROUP": GROUP,
        "SAGA_OVERRIDES": "{}",  # those of the user name sagas of their own
        "SAGA_TOKEN": secrets.token_hex(16),
        "KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "KAFKA_TOPIC_PREFIX": broker.topic_prefix,
        "KAFKA_EMBEDDED": "false",
    }
