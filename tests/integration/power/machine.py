"""A Kafka node, an orchestrator and the services, with one switch for all of them."""

import subprocess
from pathlib import Path

from infra.broker.settings import BrokerSettings
from infra.kafka import LocalKafka
from tests.acceptance.conftest import Saga
from tests.orders import PARTICIPANTS, environment_of


class Machine:
    """Real processes on a folder; ``remove`` in the end."""

    def __init__(self, folder: Path) -> None:
        self.node = LocalKafka(folder / "kafka")
        self.kafka_data = folder / "kafka" / "data"
        self.saga = Saga(folder)
        self.broker: BrokerSettings
        self.processes: list[subprocess.Popen[str]] = []

    @property
    def file(self) -> Path:
        """The file of the orchestrator."""
        return self.saga.data / "saga.db"

    def on(self) -> None:
        """Start everything."""
        self.node_on()
        env = environment_of(self.broker)
        owner = self.saga.spawn("orchestrator", "--port", "0", **env)
        services = self.saga.spawn("service", *PARTICIPANTS, **env)
        self.processes = [owner, services]
        self.saga.until(self.saga.ready, owner)

    def node_on(self) -> None:
        """Start Kafka alone, where it was the last time."""
        self.broker = BrokerSettings.local(self.node.start().bootstrap)

    def off(self) -> None:
        """The power goes."""
        for process in self.processes:
            process.kill()
        self.node.stop(kill=True)
        for process in self.processes:
            process.wait()

    def stop(self) -> None:
        """End the processes as an operator does; Kafka goes on."""
        assert [self.saga.stop(process) for process in self.processes] == [0, 0]

    def remove(self) -> None:
        """Nothing is left."""
        self.saga.close()
        self.node.remove()
