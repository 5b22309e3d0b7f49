"""The versions of one partition: which its log holds, and which of them new sagas get.

Both are in the log, so that whoever owns the partition next knows them, whatever its program has
(DESIGN law 14).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from contracts.envelope import MalformedMessage, Request
from infra.logging import get_logger
from orchestrator.definition.errors import DefinitionError, UnknownDefinition
from orchestrator.definition.nodes import Definition, version
from orchestrator.definition.rules import check
from orchestrator.engine.plan import Plan
from orchestrator.engine.rollouts import Rollout, in_force
from orchestrator.engine.state import State
from orchestrator.runtime.admission import Admission, Startable
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.intake import define_of, rollout_of
from orchestrator.runtime.office import Office
from orchestrator.runtime.plans import UnknownVersion

_log = get_logger(__name__)


class Versions:
    """What one partition that we own can start and run; ``open`` begins anew after a claim."""

    def __init__(self, office: Office, partition: int) -> None:
        self._office = office
        self._partition = partition
        self._admission = Admission(office.plans.catalogue, office.book)
        self._logged: set[str] = set()
        self._rollouts: list[Rollout] = []
        self._in_force: dict[str, Rollout] = {}

    def open(self) -> None:
        """Begin on what SQLite holds."""
        self._logged = self._office.book.versions(self._partition)
        self._rollouts = self._office.book.rollouts(self._partition)
        self._in_force = in_force(self._rollouts)
        for name, rule in self._in_force.items():
            self._warn(name, rule)

    def _warn(self, name: str, rule: Rollout) -> None:
        """Who deploys a version, or overrides a setting, wants to know that a rule keeps it out."""
        if name not in self._office.plans.catalogue.names():
            return
        ours = self._admission.current(name).version
        if ours not in (rule.base, rule.version):
            _log.warning(
                "a rollout keeps the version of this program from new sagas: saga deploy status",
                definition=name,
                partition=self._partition,
                version=ours,
                rolled_out=rule.version,
                others=rule.base,
            )

    def chosen(self, definition: str, tenant: int, key: str) -> Startable:
        """What a start begins on now; raises UnknownDefinition."""
        return self._admission.chosen(definition, self._in_force.get(definition), tenant, key)

    def same_input(self, state: State, given: Mapping[str, Any]) -> bool:
        """Whether a start has the input with which this saga was started."""
        name, versions = state.definition, [state.version]
        if name in self._office.plans.catalogue.names():
            versions.append(self._admission.current(name).version)
        return self._admission.same_input(name, versions, given, state.data["input"])

    def logged(self, plan: Plan, out: Decisions) -> None:
        """See to it that the definition stands in the log; raises TooLarge."""
        if plan.version not in self._logged:
            out.define(plan)
            self._logged.add(plan.version)

    def plan(self, wanted: str) -> Plan | None:
        """The plan of a version that this partition can run; None: it is known nowhere here."""
        try:
            return self._office.plans.get(wanted)
        except UnknownVersion:
            return None

    def define(self, request: Request, out: Decisions) -> None:
        """Take a definition into the log; raises MalformedMessage for one that cannot run."""
        body = define_of(request)
        try:
            definition = msgspec.convert(body["definition"], Definition)
            check(definition)
        except (msgspec.ValidationError, DefinitionError) as error:
            raise MalformedMessage(f"data.definition: {error}") from error
        self._office.plans.know(definition)
        self.logged(self._office.plans.get(version(definition)), out)

    def roll_out(self, request: Request, out: Decisions) -> None:
        """Take a rule for new sagas into the log; the same request is the same rule (law 4).

        Raises MalformedMessage where it names a version that is not known here.
        """
        rollout = rollout_of(request)
        if any(one.request == rollout.request for one in self._rollouts):
            return
        wanted = () if rollout.off else (rollout.base, rollout.version)
        for one in wanted:
            try:
                self._admission.version(rollout.definition, one)
            except UnknownDefinition as error:
                raise MalformedMessage(f"data: {error}") from error
        for one in wanted:
            self.logged(self._office.plans.get(one), out)
        out.roll_out(len(self._rollouts) + 1, rollout)
        self._rollouts.append(rollout)
        self._in_force = in_force(self._rollouts)
