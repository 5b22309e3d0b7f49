"""Where the starts of one partition are decided: one saga per request key, under the next id of the
partition (DESIGN laws 4 and 10).
"""

from typing import Any, NamedTuple, Protocol

from contracts.envelope import Request
from contracts.topics import REQUESTS, partition_of_start, saga_id
from infra.broker.types import ConsumedRecord
from orchestrator.definition.errors import InvalidInput, UnknownDefinition
from orchestrator.engine.decide import started_fact
from orchestrator.engine.facts import Completed, Failed, Started
from orchestrator.engine.inputs import Input, Parent, Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.runtime import told, wire
from orchestrator.runtime.admission import Startable
from orchestrator.runtime.children import ended, never_begun, parent_of
from orchestrator.runtime.decisions import Decided, Decisions
from orchestrator.runtime.intake import start_of
from orchestrator.runtime.messages import Refused
from orchestrator.runtime.office import Office
from orchestrator.runtime.states import States
from orchestrator.runtime.tracing import trace_of_start
from orchestrator.runtime.versions import Versions

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
        self.versions = Versions(office, partition)
        self._started: dict[StartKey, int] = {}  # starts that are not in SQLite yet

    def open(self) -> None:
        """Begin on what SQLite holds."""
        self._started.clear()
        self._sequence = self._office.book.last_sequence(self._partition)
        self.versions.open()

    def committed(self, decided: Decided) -> None:
        """This transition stands in SQLite."""
        if decided.sealed.transition.number == 1:
            state = decided.state
            self._started.pop((state.tenant, state.definition, state.key), None)

    def take(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        """Decide one ``saga.start``; raises MalformedMessage, SagaLogError."""
        key, body = start_of(request)
        tenant, name = request["tenant"], body["definition"]
        if not self.here(record, tenant, name, key, out):
            return
        asked = Asked(request, name, key, *parent_of(body))
        state = self.already(tenant, name, key)
        if state is not None:
            self._again(asked, state, body["input"], at, out)
            return
        try:
            known = self.versions.chosen(name, tenant, key)
            given = known.read(body["input"])
        except UnknownDefinition as error:
            self._refuse(asked, (404, "definition_not_found", str(error)), at, out)
        except InvalidInput as error:
            self._refuse(asked, (422, "invalid_input", str(error)), at, out)
        else:
            self._mint(asked, known, given, at, out)

    def here(
        self, record: ConsumedRecord, tenant: int, definition: str, key: str, out: Decisions
    ) -> bool:
        """Whether the saga of this request key belongs to our partition; else its message is
        forwarded.
        """
        partition = partition_of_start(tenant, definition, key, self._office.partitions)
        if partition == self._partition:
            return True
        out.answers.append(wire.forward(record, REQUESTS, partition))
        return False

    def already(self, tenant: int, definition: str, key: str) -> State | None:
        """The saga of this request key, decisions under way included; None when there is none."""
        saga = self._started.get((tenant, definition, key))
        if saga is None:
            row = self._office.book.by_key(tenant, definition, key)
            saga = None if row is None else row.id
        return None if saga is None else self._states.get(saga)

    def _mint(
        self, asked: "Asked", known: Startable, given: dict[str, Any], at: int, out: Decisions
    ) -> None:
        """A new saga, under the next id of this partition (law 10)."""
        request, key = asked.request, asked.key
        tenant, caller = request["tenant"], request.get("traceparent")
        trace = trace_of_start(caller, tenant, asked.definition, key, self._office.spans)
        self._sequence += 1
        saga = saga_id(self._sequence, self._partition)
        start = Start(
            request["id"],
            at,
            saga,
            known.version,
            tenant,
            key,
            given,
            trace,
            asked.parent,
            asked.until,
        )
        self._begin(self._office.plans.get(known.version), start, out)
        self._started[tenant, asked.definition, key] = saga

    def _refuse(self, asked: "Asked", why: tuple[int, str, str], at: int, out: Decisions) -> None:
        tenant, (status, code, reason) = asked.request["tenant"], why
        refused = Refused(tenant, asked.definition, asked.key, asked.request["id"], *why)
        out.refusals.append(refused)
        out.answers.append(told.refusal(refused, at))
        if asked.parent is not None:
            out.answers.append(
                never_begun(tenant, asked.parent, asked.definition, code, reason, status)
            )

    def _begin(self, plan: Plan, start: Start, out: Decisions) -> None:
        self.versions.logged(plan, out)
        self._decide(None, start, out, started_fact(plan, start))

    def _again(
        self, asked: "Asked", state: State, given: dict[str, object], at: int, out: Decisions
    ) -> None:
        """The same request key is the same saga: tell its outcome once more, or refuse another
        body. A parent asks for its child with the data that it has now: that is no other body.
        """
        if asked.parent is None and not self.versions.same_input(state, given):
            why = f"request key {state.key} has been used with another input"
            self._refuse(asked, (422, "key_reused", why), at, out)
        elif not state.open and not self._states.pinned(state.saga):
            for transition in reversed(self._office.book.load(state.saga)):
                for fact in transition.facts:
                    if isinstance(fact, (Completed, Failed)):
                        out.answers.append(told.outcome(state, transition, fact))
                        if state.parent is not None:
                            out.answers.append(ended(state, state.parent, fact))
                        return


class Asked(NamedTuple):
    """A start as it was asked for; ``parent`` waits for it, and gives it time until ``until``."""

    request: Request
    definition: str
    key: str
    parent: Parent | None
    until: int
