"""Holding new definitions and contracts against every open saga and every message that waits."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from orchestrator.definition.catalogue import validated
from orchestrator.definition.errors import InvalidInput
from orchestrator.definition.nodes import parse
from orchestrator.deploy.contracts import Contracts
from orchestrator.deploy.judge import Finding, Judge
from orchestrator.deploy.messages import Waiting, WaitingCommand, WaitingStart
from orchestrator.deploy.report import Held, Reasons, Report
from orchestrator.engine.inputs import Input
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow

NOTHING = Waiting({}, [], [], [])


class Check:
    """One check of a file. ``targets`` are the new plans by name of the definition, ``inputs`` the
    contracts with which the new program starts sagas.
    """

    def __init__(
        self, reader: Reader, file: str, targets: Mapping[str, Plan], contracts: Contracts
    ) -> None:
        self.report = Report(file)
        self._reader = reader
        self._targets = dict(targets)
        self._contracts = contracts
        self._plans: dict[str, Plan] = {}
        self._judge = Judge(self._plan, self._targets, contracts)
        self._reasons = Reasons()
        self._held: dict[str, Held] = {}
        self.stuck: list[int] = []

    def run(self, rows: Iterable[SagaRow], waiting: Waiting = NOTHING) -> Report:
        """Judge these sagas, and what waits."""
        inputs = self._by_saga(waiting)
        commands: dict[int, list[WaitingCommand]] = {}
        for command in waiting.commands:
            commands.setdefault(command.message["saga"], []).append(command)
        for row in rows:
            state = self._reader.state(row.id)
            if state is not None and state.open:
                found = self._judge.saga(state, inputs.get(row.id, ()))
                found += self._unread(state, commands.get(row.id, ()))
                self._count(state, found)
        self._starts(waiting.starts)
        return self._reported(waiting)

    def _by_saga(self, waiting: Waiting) -> dict[int, list[Input]]:
        """The inputs that wait, also of sagas that are named by their request key."""
        found = {saga: list(some) for saga, some in waiting.inputs.items()}
        for tenant, definition, key, given in waiting.addressed:
            row = self._reader.by_key(tenant, definition, key)
            if row is not None:
                found.setdefault(row.id, []).append(given)
        return found

    def _plan(self, version: str) -> Plan:
        plan = self._plans.get(version)
        if plan is None:
            raw = self._reader.definition(version)
            assert raw is not None  # it stands in the log before the first saga of its version
            plan = self._plans[version] = Plan(parse(raw))
        return plan

    def _unread(self, state: State, commands: Iterable[WaitingCommand]) -> list[Finding]:
        """Commands on their way that are not read any more, as far as they still matter."""
        found: list[Finding] = []
        for topic, message in commands:
            step = state.steps.get(message["step"])
            asked = (message["direction"], message["round"])
            if step is None or not step.waits or (step.direction, step.round) != asked:
                continue
            why = self._contracts.command(topic, message["type"], message["data"])
            if why:
                found.append(Finding("stuck", "waiting", f"step {message['step']}: {why}"))
        return found

    def _count(self, state: State, found: list[Finding]) -> None:
        held = self._held.get(state.definition)
        if held is None:
            target = self._targets.get(state.definition)
            version = target.version if target else ""
            held = self._held[state.definition] = Held(state.definition, version, {})
        held.versions[state.version] = held.versions.get(state.version, 0) + 1
        for finding in found:
            self._reasons.add(*finding[:2], state.definition, finding.text, state.saga)
        verdicts = {finding.verdict for finding in found}
        if "stuck" in verdicts:
            held.stuck += 1
            self.stuck.append(state.saga)
        elif verdicts:
            held.different += 1
        else:
            held.same += 1

    def _starts(self, starts: Iterable[WaitingStart]) -> None:
        for start in starts:
            if self._reader.by_key(start.tenant, start.definition, start.key) is not None:
                continue  # it will be told what became of that saga
            why = self._refused(start)
            if why:
                self.report.refused += 1
                text = f"a start that waits would be refused: {why}"
                self._reasons.add("stuck", "waiting", start.definition, text, None)

    def _refused(self, start: WaitingStart) -> str:
        model = self._contracts.inputs.get(start.definition)
        if model is None:
            return f"the application defines no saga {start.definition}"
        return _invalid(model, start.input)

    def _reported(self, waiting: Waiting) -> Report:
        report = self.report
        report.definitions = sorted(self._held.values(), key=lambda held: held.definition)
        totals = Counter[str]()
        for held in report.definitions:
            totals.update(same=held.same, different=held.different, stuck=held.stuck)
        report.same, report.different = totals["same"], totals["different"]
        report.stuck, report.open = totals["stuck"], totals.total()
        inputs = sum(len(some) for some in waiting.inputs.values()) + len(waiting.addressed)
        report.messages = inputs + len(waiting.starts) + len(waiting.commands)
        report.cut = self._judge.cut
        report.reasons = self._reasons.sorted()
        return report


def _invalid(model: type[BaseModel], given: dict[str, Any]) -> str:
    try:
        validated(model, given)
    except InvalidInput as error:
        return str(error)
    return ""
