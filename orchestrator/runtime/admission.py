"""By what the input of a start is read: the contract of the program where it has one of that
version, else the schema that the definition carries.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from orchestrator.definition.by_schema import BySchema
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.errors import InvalidInput, UnknownDefinition
from orchestrator.definition.nodes import Definition, parse
from orchestrator.definition.validation import validated
from orchestrator.engine.rollouts import Rollout


class StoredDefinitions(Protocol):
    """The definitions that stand in the log (``orchestrator.sagalog.lookups.Lookups``)."""

    def definition(self, version: str) -> bytes | None: ...


class Startable(NamedTuple):
    """A version that sagas can begin on; ``read`` gives an input as it is logged, or raises
    InvalidInput.
    """

    definition: str
    version: str
    read: Callable[[Mapping[str, Any]], dict[str, Any]]


class Admission:
    """What sagas can be started on, by name and by version."""

    def __init__(self, catalogue: Catalogue, stored: StoredDefinitions) -> None:
        self._catalogue = catalogue
        self._stored = stored
        self._by_schema: dict[str, Startable] = {}

    def chosen(self, definition: str, rollout: Rollout | None, tenant: int, key: str) -> Startable:
        """What this start begins on, under the rollout that is in force; raises
        UnknownDefinition.
        """
        if rollout is None:
            return self.current(definition)
        return self.version(definition, rollout.chosen(tenant, key))

    def current(self, definition: str) -> Startable:
        """The version of this program; raises UnknownDefinition."""
        saga = self._catalogue.named(definition)

        def read(given: Mapping[str, Any]) -> dict[str, Any]:
            return validated(saga.input, given)

        return Startable(definition, saga.version, read)

    def version(self, definition: str, wanted: str) -> Startable:
        """A certain version; raises UnknownDefinition where neither the program nor the log has
        it.
        """
        if definition in self._catalogue.names():
            current = self.current(definition)
            if current.version == wanted:
                return current
        found = self._by_schema.get(wanted)
        if found is None:
            known = self._known(wanted)
            if known is None or known.name != definition:
                raise UnknownDefinition(f"{definition} has no version {wanted} here")
            reader = BySchema(known.input)
            found = self._by_schema[wanted] = Startable(definition, wanted, reader.validated)
        return found

    def same_input(
        self, definition: str, versions: Iterable[str], given: Mapping[str, Any], logged: Any
    ) -> bool:
        """Whether this is the input that was logged, as one of these versions reads it."""
        if given == logged:
            return True
        for version in dict.fromkeys(versions):
            try:
                if self.version(definition, version).read(given) == logged:
                    return True
            except (InvalidInput, UnknownDefinition):
                continue
        return False

    def _known(self, version: str) -> Definition | None:
        known = self._catalogue.by_version(version)
        if known is not None:
            return known
        raw = self._stored.definition(version)
        return None if raw is None else parse(raw)
