"""Plans by version: from the definitions this process knows, else from those the log has stored."""

from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Definition, parse
from orchestrator.engine.plan import Plan
from orchestrator.runtime.admission import StoredDefinitions
from orchestrator.runtime.errors import RuntimeFailure
from orchestrator.sagalog.errors import SagaLogError


class UnknownVersion(RuntimeFailure):
    """A saga runs on a version that neither this program nor its log knows."""


class Plans:
    """Plans, each computed once."""

    def __init__(self, catalogue: Catalogue, stored: StoredDefinitions) -> None:
        self.catalogue = catalogue
        self._stored = stored
        self._plans: dict[str, Plan] = {}

    def get(self, version: str) -> Plan:
        """The plan of this version; raises UnknownVersion."""
        plan = self._plans.get(version)
        if plan is None:
            plan = self._plans[version] = Plan(self._definition(version))
        return plan

    def find(self, version: str) -> Plan | None:
        """The plan of this version, for whoever can do without."""
        try:
            return self.get(version)
        except (UnknownVersion, SagaLogError):
            return None

    def know(self, definition: Definition) -> None:
        """A definition that is about to stand in the log."""
        self.catalogue.add_stored(definition)

    def _definition(self, version: str) -> Definition:
        known = self.catalogue.by_version(version)
        if known is not None:
            return known
        raw = self._stored.definition(version)
        if raw is None:
            raise UnknownVersion(f"definition version {version} is neither known nor in the log")
        definition = parse(raw)
        self.catalogue.add_stored(definition)
        return definition
