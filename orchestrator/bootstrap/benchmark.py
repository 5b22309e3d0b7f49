"""The loads that an application declares for `saga bench`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.errors import ApplicationNotLoaded
from orchestrator.bootstrap.load import load, load_application
from orchestrator.definition.application import Application
from orchestrator.definition.nodes import Definition
from orchestrator.definition.scenario import Case, Visit
from orchestrator.definition.words.builder import Saga


@dataclass(frozen=True)
class Loaded:
    """An application with the saga of its load and what each of them is given."""

    application: Application
    definitions: list[Definition]
    definition: Definition
    inputs: Callable[[int, bool], Mapping[str, object]]


def load_benchmark(name: str, app_dir: Path | None) -> Loaded:
    """Load it; raises ApplicationNotLoaded where the application declares none."""
    application = load_application(name, app_dir)
    if application.load is None:
        raise ApplicationNotLoaded(f"{name} declares no load (Application.load) to bench with")
    made = cast(Callable[[int, bool], Case], load(application.load, object))
    sagas = {saga.name: saga.definition for saga in load_sagas(application)}
    wanted = made(1, False).saga
    if wanted not in sagas:
        raise ApplicationNotLoaded(
            f"{application.load} loads {wanted!r}, which is no saga of {name}"
        )
    return Loaded(
        application, list(sagas.values()), sagas[wanted], lambda n, fails: made(n, fails).input
    )


@dataclass(frozen=True)
class Visits:
    """An application with what `saga bench http` asks of it about sagas of one name."""

    application: Application
    sagas: list[Saga]
    saga: str
    make: Callable[[int, str], Visit]


def load_visits(name: str, app_dir: Path | None) -> Visits:
    """Load it; raises ApplicationNotLoaded where the application declares none."""
    application = load_application(name, app_dir)
    if application.visits is None:
        raise ApplicationNotLoaded(
            f"{name} declares no visits (Application.visits) to bench its HTTP API with"
        )
    make = cast(Callable[[int, str], Visit], load(application.visits, object))
    sagas = load_sagas(application)
    wanted = make(1, "run").saga
    if wanted not in {saga.name for saga in sagas}:
        raise ApplicationNotLoaded(
            f"{application.visits} visits {wanted!r}, which is no saga of {name}"
        )
    return Visits(application, sagas, wanted, make)
