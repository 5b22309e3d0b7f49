"""The definitions that a process knows: its application's, and those of sagas that still run."""

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from orchestrator.definition.builder import Saga
from orchestrator.definition.errors import DefinitionError, InvalidInput, UnknownDefinition
from orchestrator.definition.nodes import Definition, version


class Catalogue:
    """Sagas by name, for starts; definitions by version, for the sagas that run.

    A definition that only the log knows finishes its sagas and starts none.
    """

    def __init__(self, sagas: Iterable[Saga] = ()) -> None:
        """Raises DefinitionError when two sagas have the same name."""
        self._sagas: dict[str, Saga] = {}
        self._versions: dict[str, Definition] = {}
        for saga in sagas:
            if saga.name in self._sagas:
                raise DefinitionError(
                    f"saga {saga.name}", "two sagas have this name", "Give one of them another name"
                )
            self._sagas[saga.name] = saga
            self._versions[saga.version] = saga.definition

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


def validated(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """A JSON object read by a contract and written by it again; raises InvalidInput."""
    try:
        # By way of JSON, as what arrives is JSON: a date is a text here, and a tuple a list.
        message = model.model_validate_json(msgspec.json.encode(given))
    except (UnicodeEncodeError, RecursionError) as error:
        raise InvalidInput(f"input: it cannot be written as JSON ({error})") from error
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidInput(
            "; ".join(_problem(one["loc"], one["msg"]) for one in problems)
        ) from error
    return message.model_dump(mode="json", by_alias=True)


def _problem(place: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, place)) or 'input'}: {message}"
