"""The services of an application, loaded by name and run in this process.

The library that runs them belongs to the services, which nothing here may import: it is loaded by
name as they are, and seen through the protocols below.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from math import inf
from pathlib import Path
from typing import Any, Final, Protocol, cast

from infra.broker.settings import BrokerSettings
from infra.errors import Mistake
from infra.telemetry.metrics import Metrics
from orchestrator.admin.ports import ServiceHealth
from orchestrator.bootstrap.errors import ApplicationNotLoaded, UnknownService
from orchestrator.bootstrap.load import load
from orchestrator.definition.application import Application

RUNNER: Final = "services.participant:RunningServices"
EFFECTS: Final = "services.participant.effects:effects"
SEEN: Final = "services.participant.effects:seen"


class Check(Protocol):
    """One thing that must add up."""

    @property
    def what(self) -> str: ...
    @property
    def expected(self) -> int: ...
    @property
    def found(self) -> int: ...


class Books(Protocol):
    """What a service holds, as a table, and the checks that go with it."""

    @property
    def heading(self) -> str: ...
    @property
    def titles(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[object]]: ...
    @property
    def checks(self) -> Sequence[Check]: ...


class Participant(Protocol):
    """A service as its code declares it; ``events`` has its (topic, type) pairs as keys."""

    events: Mapping[tuple[str, str], Any]

    def books(self, db: sqlite3.Connection, /) -> Books: ...


class Service(Protocol):
    """A running service; its ``reader`` sees what it has committed."""

    participant: Participant

    @property
    def reader(self) -> sqlite3.Connection: ...


class Services(Protocol):
    """The running services of this process, by name."""

    def items(self) -> Any: ...
    def __getitem__(self, name: str, /) -> Service: ...
    async def ready(self, timeout_s: float = 30.0) -> None: ...
    def health(self) -> Sequence[ServiceHealth]: ...


def running_services(
    application: Application,
    names: Sequence[str],
    broker: BrokerSettings,
    folder: Path,
    metrics: Metrics | None = None,
    *,
    turn_s: float = inf,
) -> AbstractAsyncContextManager[Services]:
    """These services of the application, to be run for as long as an ``async with`` lasts.
    ``turn_s``: a batch lets the others of the event loop go on after this long.

    Raises UnknownService, ApplicationNotLoaded, Mistake (the seed data); entering raises
    DatastoreError, Mistake.
    """
    unknown = [name for name in names if name not in application.services]
    if unknown:
        known = ", ".join(application.services) or "none"
        raise UnknownService(f"no service {', '.join(unknown)}; {application.name} has {known}")
    participants = {name: load(application.services[name], object) for name in names}
    runner = cast(Any, load(RUNNER, type))
    seeds = _seed(application)
    return runner(participants, broker, folder, seed=seeds, metrics=metrics, turn_s=turn_s)


def effects(service: Service, tenant: int, saga: int) -> Sequence[tuple[str, str, str]]:
    """What the service's database holds of a saga: (step, direction, outcome)."""
    return cast(Any, load(EFFECTS, object))(service.reader, tenant, saga)


def has_seen(service: Service, event: str) -> bool:
    """Whether the service has taken in the event of that id."""
    return bool(cast(Any, load(SEEN, object))(service.reader, event))


def _seed(application: Application) -> Mapping[str, Any] | None:
    if application.seed is None:
        return None
    made = cast(Any, load(application.seed, object))
    try:
        return made()
    except Mistake:
        raise
    except Exception as error:  # it runs whatever the application says
        reason = f"{type(error).__name__}: {error}"
        raise ApplicationNotLoaded(f"seed data {application.seed}: {reason}") from error
