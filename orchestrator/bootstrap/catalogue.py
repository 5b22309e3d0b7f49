"""The sagas of an application, loaded by name."""

from orchestrator.bootstrap.errors import ApplicationNotLoaded
from orchestrator.bootstrap.load import load
from orchestrator.definition.application import Application
from orchestrator.definition.builder import Saga


def load_sagas(application: Application) -> list[Saga]:
    """The sagas that the application names, in its order.

    Raises ApplicationNotLoaded, also when two of them have the same name.
    """
    sagas = [load(name, Saga) for name in application.sagas]
    places: dict[str, str] = {}
    for place, saga in zip(application.sagas, sagas, strict=True):
        if saga.name in places:
            raise ApplicationNotLoaded(
                f"two sagas are called {saga.name}: {places[saga.name]} and {place}"
            )
        places[saga.name] = place
    return sagas
