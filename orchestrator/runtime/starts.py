"""Where the starts of one partition are decided: one saga per request key, under the next id of the
partition (DESIGN laws 4 and 10).
"""

from typing import Any, Protocol

from contracts.envelope import Request
from contracts.topics import REQUESTS, partition_of_start, saga_id
from infra.broker.types import ConsumedRecord
from orchestrator.definition.builder import Saga
from orchestrator.definition.catalogue import validated
from orchestrator.definition.errors import InvalidInput, UnknownDefinition
from orchestrator.engine.decide import started_fact
from orchestrator.engine.facts import Completed, Failed, Started
from orchestrator.engine.inputs import Input, Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.runtime import wire
from orchestrator.runtime.decisions import Decided, Decisions
from orchestrator.runtime.intake import start_of
from orchestrator.runtime.office import Office
from orchestrator.runtime.states import States
from orchestrator.runtime.tracing import trace_of_start

StartKey = tuple[int, str, str]


class Decide(Protocol):
    """Decides an input of a saga, or of one that begins with ``started``."""

    def __call__(
        self, state: State | None, given: Input, out: Decisions, started: Started, /
    ) -> None: ...


class Starts:
    """Begins sagas of one partition that we own; ``open`` begins anew after a claim."""

    def __init__(self, office: Office, partition: int, states: States, decide: Decide) -> None:
        self._office = office
        self._partition = partition
        self._states = states
        self._decide = decide
        self._sequence = 0
        self._versions: set[str] = set()
        self._started: dict[StartKey, int] = {}  # starts that are not in SQLite yet

    def open(self) -> None:
        """Begin on what SQLite holds."""
        self._started.clear()
        self._sequence = self._office.book.last_sequence(self._partition)
        self._versions = self._office.book.versions(self._partition)

    def committed(self, decided: Decided) -> None:
        """This transition stands in SQLite."""
        if decided.sealed.transition.number == 1:
            state = decided.state
            self._started.pop((state.tenant, state.definition, state.key), None)

    def take(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        """Decide one ``saga.start``; raises MalformedMessage, SagaLogError."""
        key, body = start_of(request)
        tenant, name = request["tenant"], body["definition"]
        partition = partition_of_start(tenant, name, key, self._office.partitions)
        if partition != self._partition:
            out.answers.append(wire.forward(record, REQUESTS, partition))
            return
        try:
            known = self._office.plans.catalogue.named(name)
            given = validated(known.input, body["input"])
        except UnknownDefinition as error:
            why = (404, "definition_not_found", str(error))
            self._refuse(request, name, key, why, at, out)
            return
        except InvalidInput as error:
            self._refuse(request, name, key, (422, "invalid_input", str(error)), at, out)
            return
        state = self._already(tenant, name, key)
        if state is not None:
            self._again(request, state, given, at, out)
            return
        self._mint(request, known, key, given, at, out)

    def _mint(
        self,
        request: Request,
        known: Saga,
        key: str,
        given: dict[str, Any],
        at: int,
        out: Decisions,
    ) -> None:
        """A new saga, under the next id of this partition (law 10)."""
        tenant, parent = request["tenant"], request.get("traceparent")
        trace = trace_of_start(parent, tenant, known.name, key, self._office.spans)
        self._sequence += 1
        saga = saga_id(self._sequence, self._partition)
        start = Start(request["id"], at, saga, known.version, tenant, key, given, trace)
        self._begin(self._office.plans.get(known.version), start, out)
        self._started[tenant, known.name, key] = saga

    def _refuse(
        self,
        request: Request,
        name: str,
        key: str,
        why: tuple[int, str, str],
        at: int,
        out: Decisions,
    ) -> None:
        told = wire.Refused(request["tenant"], name, key, request["id"], *why)
        out.refusals.append(told)
        out.answers.append(wire.refusal(told, at))

    def _begin(self, plan: Plan, start: Start, out: Decisions) -> None:
        if plan.version not in self._versions:
            out.define(plan)
            self._versions.add(plan.version)
        self._decide(None, start, out, started_fact(plan, start))

    def _already(self, tenant: int, name: str, key: str) -> State | None:
        saga = self._started.get((tenant, name, key))
        if saga is None:
            row = self._office.book.by_key(tenant, name, key)
            saga = None if row is None else row.id
        return None if saga is None else self._states.get(saga)

    def _again(
        self, request: Request, state: State, given: dict[str, object], at: int, out: Decisions
    ) -> None:
        """The same request key is the same saga: tell its outcome once more, or refuse another
        body.
        """
        if state.data["input"] != given:
            why = f"request key {state.key} has been used with another input"
            self._refuse(request, state.definition, state.key, (422, "key_reused", why), at, out)
        elif not state.open and not self._states.pinned(state.saga):
            for transition in reversed(self._office.book.load(state.saga)):
                for fact in transition.facts:
                    if isinstance(fact, (Completed, Failed)):
                        out.answers.append(wire.outcome(state, transition, fact))
                        return
