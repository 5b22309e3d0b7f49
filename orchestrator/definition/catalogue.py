"""The definitions that a process knows: its application's, and those of sagas that still run."""

from collections.abc import Iterable
from typing import Any

from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.carried import CANCEL
from orchestrator.definition.compiling.children import kind_of
from orchestrator.definition.errors import DefinitionError, UnknownDefinition, UnknownSignal
from orchestrator.definition.nodes import Definition, version
from orchestrator.definition.validation import validated


def _face(saga: Saga) -> tuple[object, ...]:
    """What a parent sees of a child; settings change none of it."""
    return saga.input, saga.result, dict(saga.signals), kind_of(saga)


class Catalogue:
    """Sagas by name, for starts; definitions by version, for the sagas that run.

    A definition that only the log knows finishes its sagas and starts none.
    """

    def __init__(self, sagas: Iterable[Saga] = ()) -> None:
        """Raises DefinitionError when two sagas have the same name, or one runs within another
        and is not among them.
        """
        self._sagas: dict[str, Saga] = {}
        self._versions: dict[str, Definition] = {}
        for saga in sagas:
            if saga.name in self._sagas:
                raise DefinitionError(
                    f"saga {saga.name}", "two sagas have this name", "Give one of them another name"
                )
            self._sagas[saga.name] = saga
            self._versions[saga.version] = saga.definition
        for saga in self._sagas.values():
            self._check_children(saga)

    def _check_children(self, saga: Saga) -> None:
        """A child is started by its name: what that begins must be what the parent means."""
        for step, meant in saga.children.items():
            child = self._sagas.get(meant.name)
            reason = remedy = ""
            if child is None:
                reason = f"it runs the saga {meant.name}, which this application does not have"
                remedy = f"Add {meant.name} to the sagas of the application"
            elif _face(child) != _face(meant):
                reason = (
                    f"it was written with another saga {meant.name}: not of the same input, kind "
                    "and signals, or not with the same result"
                )
                remedy = "Name the same saga there and in the application"
            if reason:
                raise DefinitionError(f"saga {saga.name}, step {step}", reason, remedy)

    def names(self) -> list[str]:
        """The names under which sagas can be started."""
        return list(self._sagas)

    def named(self, name: str) -> Saga:
        """The saga that a start of this name begins; raises UnknownDefinition with the names."""
        saga = self._sagas.get(name)
        if saga is None:
            known = ", ".join(self._sagas) or "none"
            raise UnknownDefinition(f"no saga is called {name!r}; defined are: {known}")
        return saga

    def by_version(self, wanted: str) -> Definition | None:
        """The definition of that version, of the application or stored."""
        return self._versions.get(wanted)

    def add_stored(self, definition: Definition) -> None:
        """Know a definition that stands in the log."""
        self._versions[version(definition)] = definition

    def validate(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """The input as its contract writes it, defaults filled in.

        Raises UnknownDefinition, or InvalidInput naming every wrong place.
        """
        return validated(self.named(name).input, given)

    def validate_signal(self, name: str, signal: str, given: dict[str, Any]) -> dict[str, Any]:
        """The data of a signal to a saga of that name, as its contract writes them, defaults filled
        in. What ``cancel`` carries beside its reason is dropped.

        Raises UnknownDefinition, UnknownSignal with the names, or InvalidInput naming every wrong
        place.
        """
        taken = self.named(name).signals
        if signal == CANCEL:
            return {}
        if signal not in taken:
            known = ", ".join([CANCEL, *taken])
            raise UnknownSignal(f"{name} takes no signal {signal!r}; it takes: {known}")
        return validated(taken[signal], given, "data")
