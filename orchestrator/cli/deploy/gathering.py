"""What a check is given: the new application, the file, and what waits on the broker."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from infra.broker.errors import BrokerError
from infra.broker.settings import BrokerSettings
from infra.broker.types import KafkaError
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.errors import NothingRuns
from orchestrator.bootstrap.folder import read_running
from orchestrator.bootstrap.load import load_application
from orchestrator.cli import given
from orchestrator.cli.errors import BadInput
from orchestrator.definition.nodes import Definition, parse
from orchestrator.definition.spoken import spoken
from orchestrator.definition.words.builder import Saga
from orchestrator.deploy.check import NOTHING
from orchestrator.deploy.contracts import Contracts
from orchestrator.deploy.messages import Waiting, sort
from orchestrator.deploy.report import Report
from orchestrator.deploy.unread import unread
from orchestrator.engine.plan import Plan
from orchestrator.runtime.topics import command_topics
from orchestrator.sagalog.reader import Reader
from orchestrator.settings import Settings

NO_BROKER = "no broker is known: name it with --broker, or start the installation"


class New(NamedTuple):
    """The application as it is here: its sagas, their plans by name, its contracts."""

    sagas: dict[str, Saga]
    plans: dict[str, Plan]
    contracts: Contracts

    @classmethod
    def of(cls, settings: Settings) -> "New":
        """Load it, with what the settings say of its sagas, as the program would run it; raises
        ApplicationNotLoaded, and DefinitionError for overrides that cannot be.
        """
        application = load_application(settings.app, settings.app_dir)
        sagas = {saga.name: saga for saga in load_sagas(application, settings.overrides)}
        plans = {name: Plan(saga.definition) for name, saga in sagas.items()}
        inputs = {name: saga.input for name, saga in sagas.items()}
        return cls(sagas, plans, Contracts(spoken(), inputs))

    def named(self, name: str) -> Saga:
        """The saga of that name; raises BadInput with those there are."""
        if name not in self.sagas:
            known = ", ".join(self.sagas) or "none"
            raise BadInput(f"no definition {name!r}; there are: {known}")
        return self.sagas[name]


def file_of(settings: Settings) -> Path:
    """The saga log of a data folder."""
    return (settings.data / "saga.db").absolute()


@contextmanager
def opened(settings: Settings) -> Generator[Reader]:
    """The saga log, read beside whoever writes it. Raises BadInput where there is none."""
    if not file_of(settings).exists():
        raise BadInput(f"there is no saga log in {settings.data.absolute()}: nothing has run there")
    with Reader.open(file_of(settings)) as reader:
        yield reader


def known_broker(settings: Settings, address: str | None) -> BrokerSettings | None:
    """The broker that is named, else that of whoever runs on the data folder."""
    try:
        running = read_running(settings)
    except NothingRuns:
        return given.broker(address)
    if running.embedded and address in (None, running.bootstrap):
        return BrokerSettings.local(running.bootstrap, embedded=True)
    return given.broker(address or running.bootstrap)


def what_waits(
    report: Report,
    broker: BrokerSettings | None,
    group: str,
    definitions: Iterable[Definition],
    limit: int,
) -> Waiting:
    """The messages that wait, as far as a broker tells; the report says what was looked at."""
    if broker is None or not limit:
        report.not_read = NO_BROKER if broker is None else "not asked for (--limit 0)"
        return NOTHING
    topics = [topic for topic in command_topics(definitions) if topic.endswith(".commands")]
    try:
        found = asyncio.run(unread(broker, group, topics, limit))
    except (BrokerError, KafkaError, OSError) as error:
        report.not_read = str(error)
        return NOTHING
    report.waiting = found.topics
    return sort(found.records)


def definitions_of(new: New, reader: Reader) -> list[Definition]:
    """Every definition that is, or was, sent commands by."""
    stored = [parse(body.encode()) for _, _, body in reader.definitions()]
    return [*stored, *(saga.definition for saga in new.sagas.values())]
