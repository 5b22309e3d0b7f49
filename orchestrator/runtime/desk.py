"""Where the inputs of one partition are decided (DESIGN laws 1, 4, 8 and 10).

Every input ends in exactly one of: a transition, an answer that is none (refusal, dead letter,
forward, repeated outcome), or nothing at all, when there is nothing to say. None of them can stop
the others.
"""

from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from contracts.envelope import MalformedMessage, Request
from contracts.topics import REPLIES, REQUESTS, partition_of_saga
from infra.broker.types import ConsumedRecord
from infra.logging import get_logger
from orchestrator.definition.errors import UnknownDefinition, UnknownSignal
from orchestrator.engine.decide import decide, park
from orchestrator.engine.facts import Started
from orchestrator.engine.inputs import Input, Repair, Wake
from orchestrator.engine.moving import move
from orchestrator.engine.state import State
from orchestrator.runtime import children, wire
from orchestrator.runtime.decisions import Decisions
from orchestrator.runtime.intake import (
    move_input,
    move_of,
    read_reply,
    read_request,
    repair_input,
    repair_of,
    reply_input,
    signal_input,
    signal_of,
)
from orchestrator.runtime.messages import Outgoing
from orchestrator.runtime.office import Office
from orchestrator.runtime.starts import Starts
from orchestrator.runtime.states import States
from orchestrator.sagalog.errors import SagaLogError

MAX_ERROR: Final = 1_000
_log = get_logger(__name__)


class Desk:
    """The decide stage of one partition that we own; ``open`` begins anew after a claim."""

    def __init__(self, office: Office, partition: int) -> None:
        self._office = office
        self._partition = partition
        self.states = States(office.book.state, office.shelf, partition)
        self._starts = Starts(office, partition, self.states, self._decide)

    def open(self) -> None:
        """Begin on what SQLite holds; decisions under way are forgotten."""
        self.states.clear()
        self._starts.open()

    def committed(self, decisions: Decisions) -> None:
        """These decisions stand in SQLite."""
        for decided in decisions.decided:
            self.states.committed(decided.state.saga)
            self._starts.committed(decided)

    def request(self, record: ConsumedRecord, at: int, out: Decisions) -> None:
        """Decide one record of saga.requests."""
        try:
            request = read_request(record)
            if request["type"] == "saga.start":
                self._starts.take(record, request, at, out)
            elif request["type"] == "saga.signal":
                self._signal(record, request, at, out)
            elif request["type"] == "saga.move":
                self._move(record, request, at, out)
            elif request["type"] == "saga.define":
                self._starts.versions.define(request, out)
            elif request["type"] == "saga.rollout":
                self._starts.versions.roll_out(request, out)
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

    def _repair(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        saga, body = repair_of(request)
        if self._here(record, REQUESTS, saga, out):
            self._decide(self._known(saga, request["tenant"]), repair_input(request, body, at), out)

    def _move(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        """Another version for a saga; its definition stands in the log before (law 14)."""
        saga, body = move_of(request)
        if not self._here(record, REQUESTS, saga, out):
            return
        state = self._known(saga, request["tenant"])
        new = self._starts.versions.plan(body["version"])
        given = move_input(request, body, at)
        after, transition = move(self._office.plans.get(state.version), new, state, given)
        if new is not None and after.version != state.version:
            self._starts.versions.logged(new, out)
        out.add(transition, after)
        self.states.decided(after)

    def _signal(self, record: ConsumedRecord, request: Request, at: int, out: Decisions) -> None:
        saga, body = signal_of(request)
        tenant = request["tenant"]
        if saga is None:
            key, name = request.get("requestkey", ""), body.get("definition", "")
            if not self._starts.here(record, tenant, name, key, out):
                return
            state = self._starts.already(tenant, name, key)
            if state is None:
                raise MalformedMessage(f"requestkey: tenant {tenant} has no {name} of key {key}")
        elif self._here(record, REQUESTS, saga, out):
            state = self._known(saga, tenant)
        else:
            return
        given = signal_input(request, body, at)
        # The contract is that of the program; a signal that it does not know the engine refuses.
        with suppress(UnknownDefinition, UnknownSignal):
            data = self._office.plans.catalogue.validate_signal(
                state.definition, given.name, given.data
            )
            given = replace(given, data=data)
        if state.parent is not None and given.id in state.signals:
            # As a stored reply is sent again: the answer may be lost, and the child go on for long.
            why = state.signals[given.id]
            out.answers.append(children.answered(state, state.parent, given.id, why))
        self._decide(state, given, out)

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


def _dead_letter(record: ConsumedRecord, error: Exception, at: int) -> Outgoing:
    _log.warning(
        "dead letter",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        error=str(error),
    )
    return wire.dead_letter(record, str(error), at)
