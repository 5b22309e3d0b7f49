"""Where the inputs of one partition are decided (DESIGN laws 1, 4, 8 and 10).

Every input ends in exactly one of: a transition, an answer that is none (refusal, dead letter,
forward, repeated outcome), or nothing at all, when there is nothing to say. None of them can stop
the others.
"""

from typing import Any, Final, NamedTuple, Protocol

from contracts.envelope import MalformedMessage, Request
from contracts.topics import (
    REPLIES,
    REQUESTS,
    partition_of_saga,
    partition_of_start,
    saga_id,
)
from infra.broker.settings import BrokerSettings
from infra.broker.types import ConsumedRecord
from infra.logging import get_logger
from infra.telemetry import Spans
from orchestrator.definition.builder import Saga
from orchestrator.definition.errors import InvalidInput
from orchestrator.engine.decide import decide, park, started_fact
from orchestrator.engine.facts import Completed, Failed, Started, Transition
from orchestrator.engine.inputs import Input, Repair, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.runtime import wire
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.intake import (
    read_reply,
    read_request,
    repair_input,
    repair_of,
    reply_input,
    start_of,
)
from orchestrator.runtime.plans import Plans
from orchestrator.runtime.states import States
from orchestrator.runtime.tracing import trace_of_start
from orchestrator.sagalog.errors import SagaLogError
from orchestrator.sagalog.rows import SagaRow

MAX_ERROR: Final = 1_000
_log = get_logger(__name__)


class Book(Protocol):
    """What the desk reads of the file (``orchestrator.sagalog.store.SagaLog``)."""

    def state(self, saga: int) -> State | None: ...
    def by_key(self, tenant: int, definition: str, key: str) -> SagaRow | None: ...
    def load(self, saga: int) -> list[Transition]: ...
    def last_sequence(self, partition: int) -> int: ...
    def versions(self, partition: int) -> set[str]: ...


class Office(NamedTuple):
    """What the desks of all partitions share."""

    broker: BrokerSettings
    partitions: int
    plans: Plans
    book: Book
    spans: Spans | None = None


StartKey = tuple[int, str, str]


class Desk:
    """The decide stage of one partition that we own; ``open`` begins anew after a claim."""

    def __init__(self, office: Office, partition: int) -> None:
        self._office = office
        self._partition = partition
        self.states = States(office.book.state)
        self._sequence = 0
        self._versions: set[str] = set()
        self._started: dict[StartKey, int] = {}  # starts that are not in SQLite yet

    def open(self) -> None:
        """Begin on what SQLite holds; decisions under way are forgotten."""
        self.states.clear()
        self._started.clear()
        self._sequence = self._office.book.last_sequence(self._partition)
        self._versions = self._office.book.versions(self._partition)

    def committed(self, decisions: Decisions) -> None:
        """These decisions stand in SQLite."""
        for sealed, state in decisions.decided():
            self.states.committed(state.saga)
            if sealed.transition.number == 1:
                self._started.pop((state.tenant, state.definition, state.key), None)

    def request(self, record: ConsumedRecord, at: int, out: Decisions) -> None:
        """Decide one record of saga.requests."""
        try:
            request = read_request(record)
            if request["type"] == "saga.start":
                self._start(record, request, at, out)
            else:
                self._repair(record, request, at, out)
        except SagaLogError:
            raise  # the file cannot be read: that is nobody's input
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Law 8: whatever is wrong with a message, it stalls nobody.
            out.answers.append(_dead_letter(record, error, at))

    def reply(self, record: ConsumedRecord, at: int, out: Decisions) -> None:
        """Decide one record of saga.replies."""
        try:
            reply = read_reply(record)
            saga = reply["saga"]
            if not self._here(record, REPLIES, saga, out):
                return
            self._decide(self._known(saga, reply["tenant"]), reply_input(reply, at), out)
        except SagaLogError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            out.answers.append(_dead_letter(record, error, at))

    def woken(self, saga: int, at: int, out: Decisions) -> None:
        """Decide the wake-up of a saga, if it is still due."""
        state = None if self.states.pinned(saga) else self.states.get(saga)
        if state is not None and 0 < state.wake_at <= at:
            self._decide(state, Wake(f"wake/{saga}/{state.number}", at), out)

    def reconcile(self, saga: int, at: int, out: Decisions) -> None:
        """A saga that nothing would ever wake: let it go on, or else give it to a person (law
        12).
        """
        state = None if self.states.pinned(saga) else self.states.get(saga)
        if state is None or not state.open or state.wake_at or state.status == "needs_operator":
            return
        reason = "nothing would ever have woken this saga"
        given = Repair(f"reconcile/{saga}/{state.number}", at, "resume", "", reason, "reconciler")
        self._decide(state, given, out)
        after = self.states.get(saga)
        if after is not None and not after.wake_at and after.status == "running":
            parked, transition = park(after, given, None, reason)
            out.add(transition, parked)
            self.states.decided(parked)

    # --------------------------------------------------------------------------- requests

    def _start(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        key, body = start_of(request)
        tenant, name = request["tenant"], body["definition"]
        partition = partition_of_start(tenant, name, key, self._office.partitions)
        if partition != self._partition:
            out.answers.append(wire.forward(record, REQUESTS, partition))
            return
        known = self._office.plans.catalogue.by_name(name)
        if known is None:
            why = f"no definition named {name}"
            self._refuse(request, name, key, (404, "definition_not_found", why), at, out)
            return
        try:
            given = self._office.plans.catalogue.validate(name, body["input"])
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
        return None if saga is None else self.states.get(saga)

    def _again(
        self, request: Request, state: State, given: dict[str, object], at: int, out: Decisions
    ) -> None:
        """The same request key is the same saga: tell its outcome once more, or refuse another
        body.
        """
        if state.data["input"] != given:
            why = f"request key {state.key} has been used with another input"
            self._refuse(request, state.definition, state.key, (422, "key_reused", why), at, out)
        elif not state.open and not self.states.pinned(state.saga):
            for transition in reversed(self._office.book.load(state.saga)):
                for fact in transition.facts:
                    if isinstance(fact, (Completed, Failed)):
                        out.answers.append(wire.outcome(state, transition, fact))
                        return

    def _repair(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        saga, body = repair_of(request)
        if self._here(record, REQUESTS, saga, out):
            self._decide(self._known(saga, request["tenant"]), repair_input(request, body, at), out)

    # ---------------------------------------------------------------------------- all of them

    def _here(self, record: ConsumedRecord, topic: str, saga: int, out: Decisions) -> bool:
        """Whether this saga belongs to our partition; else its message is forwarded."""
        partition = partition_of_saga(saga)
        if partition == self._partition:
            return True
        if partition >= self._office.partitions:
            raise MalformedMessage(f"saga: {saga} names partition {partition}, which is not there")
        out.answers.append(wire.forward(record, topic, partition))
        return False

    def _known(self, saga: int, tenant: int) -> State:
        state = self.states.get(saga)
        # Nothing crosses an account (law 13): a saga of another tenant is one that is not there.
        if state is None or state.tenant != tenant:
            raise MalformedMessage(f"saga: tenant {tenant} has no saga {saga}")
        return state

    def _decide(
        self, state: State | None, given: Input, out: Decisions, started: Started | None = None
    ) -> None:
        try:
            version = started.version if state is None and started else state.version  # type: ignore[union-attr]
            after, transition = decide(self._office.plans.get(version), state, given)
            if not transition.facts:
                return
            out.add(transition, after)
        except SagaLogError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Law 1: a decide that raises, or a decision too large, parks that saga and no other.
            cause = f"{type(error).__name__}: {error}"[:MAX_ERROR]
            after, transition = park(state, given, started, cause)
            out.add(transition, after)
        self.states.decided(after)


def _dead_letter(record: ConsumedRecord, error: Exception, at: int) -> wire.Outgoing:
    _log.warning(
        "dead letter",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        error=str(error),
    )
    return wire.dead_letter(record, str(error), at)
