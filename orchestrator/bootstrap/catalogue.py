"""The sagas of an application, loaded by name."""

from collections.abc import Mapping
from typing import Any

from orchestrator.bootstrap.errors import ApplicationNotLoaded
from orchestrator.bootstrap.load import load
from orchestrator.definition.application import Application
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.overrides import all_overridden
from orchestrator.definition.words.builder import Saga


def load_sagas(application: Application, overrides: Mapping[str, Any] | None = None) -> list[Saga]:
    """The sagas that the application names, in its order, with what the settings say of them.

    Raises ApplicationNotLoaded, also when two of them have the same name; DefinitionError where
    ``overrides`` name what is not there, a saga cannot work so, or the child of one is missing.
    """
    sagas = [load(name, Saga) for name in application.sagas]
    places: dict[str, str] = {}
    for place, saga in zip(application.sagas, sagas, strict=True):
        if saga.name in places:
            raise ApplicationNotLoaded(
                f"two sagas are called {saga.name}: {places[saga.name]} and {place}"
            )
        places[saga.name] = place
    found = all_overridden(sagas, overrides or {})
    Catalogue(found)  # a saga that runs within another one is among them
    return found
