"""Nodes from what was written, each declaration checked on its own; the fields of commands are
still empty.
"""

from collections.abc import Iterable
from typing import Final, cast

from contracts.topics import commands_topic
from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.carried import answer
from orchestrator.definition.compiling.children import (
    FOR_EVER,
    call_of,
    check_child,
    kind_of,
    refusals_of,
    reply_of,
)
from orchestrator.definition.compiling.contract import Contract, schema_of, written
from orchestrator.definition.compiling.declarations import check_command, name_of
from orchestrator.definition.compiling.waits import wait_of
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Call, Node, Parallel, Retry, Step, Wait
from orchestrator.definition.words.durations import milliseconds, retry_of
from orchestrator.definition.words.specs import (
    TIMEOUT,
    ChildSpec,
    ParallelSpec,
    RetryPolicy,
    StepSpec,
    Undo,
    WaitSpec,
)

LeafSpec = StepSpec | WaitSpec | ChildSpec

BRIEF: Final = Retry(attempts=3, initial_ms=1_000, maximum_ms=10_000)
"""For steps that may be given up: read and compensatable."""

PERSISTENT: Final = Retry(attempts=100, initial_ms=1_000, maximum_ms=60_000)
"""For what must work: pivot, retriable and every undo (DESIGN laws 5 and 7); about 100 minutes."""


class Made:
    """The nodes of a saga, and for each step what was written and what it is answered with."""

    def __init__(self, name: str, body: Iterable[object]) -> None:
        """Raises DefinitionError at the first declaration that cannot be."""
        self.name = name
        self._place = f"saga {name}"
        self.specs: dict[str, LeafSpec] = {}
        self.replies: dict[str, Contract] = {}
        self.children: dict[str, Saga] = {}
        self.body = self._nodes(body)

    def _nodes(self, given: Iterable[object]) -> tuple[Node, ...]:
        nodes: list[Node] = []
        for spec in given:
            if isinstance(spec, tuple):
                nodes.extend(self._nodes(cast("tuple[object, ...]", spec)))
            elif isinstance(spec, ParallelSpec):
                nodes.append(Parallel(tuple(self._nodes((branch,)) for branch in spec.branches)))
            elif isinstance(spec, StepSpec | WaitSpec | ChildSpec):
                nodes.append(self._leaf(spec))
            else:
                raise DefinitionError(
                    self._place,
                    f"{name_of(spec)} is not a step",
                    "Write read(...), compensatable(...), pivot(...), retriable(...), "
                    "parallel(...), wait(...), child(...)",
                )
        return tuple(nodes)

    def _leaf(self, spec: LeafSpec) -> Step | Wait:
        place = f"{self._place}, step {spec.name}"
        self.specs[spec.name] = spec
        if isinstance(spec, WaitSpec):
            node = wait_of(place, spec)
            self.replies[spec.name] = answer(place, spec.signal)
            return node
        if isinstance(spec, ChildSpec):
            saga = check_child(place, self.name, spec.saga)
            self.replies[spec.name] = reply_of(place, saga)
            self.children[spec.name] = saga
            return _child(place, spec, saga)
        step = _step(place, spec)
        self.replies[spec.name] = written(place, spec.command.reply)
        return step


def _step(place: str, spec: StepSpec) -> Step:
    command = check_command(place, spec.command)
    undo = spec.undo or Undo(command)
    default = PERSISTENT if spec.kind in ("pivot", "retriable") else BRIEF
    return Step(
        name=spec.name,
        kind=spec.kind,
        do=_call(place, spec.command),
        undo=_call(f"{place}, undo", undo.command) if spec.undo else None,
        timeout_ms=milliseconds(place, "timeout", spec.timeout),
        retry=retry_of(f"{place}, retry", spec.retry, default),
        undo_timeout_ms=milliseconds(f"{place}, undo", "timeout", undo.timeout),
        undo_retry=retry_of(f"{place}, undo, retry", undo.retry, PERSISTENT),
        refusals=dict(command.refusals),
    )


def _call(place: str, contract: object) -> Call:
    command = check_command(place, contract)
    reply = schema_of(place, command.reply, "serialization").get("required", ())
    return Call(command.__name__, commands_topic(command.service), {}, tuple(sorted(reply)))


def _child(place: str, spec: ChildSpec, saga: Saga) -> Step:
    undo, timeout, retry = spec.undo, TIMEOUT, RetryPolicy()
    if undo:
        timeout, retry = undo.timeout, undo.retry
    return Step(
        name=spec.name,
        kind=kind_of(saga),
        do=call_of(place, saga),
        undo=_call(f"{place}, undo", undo.command) if undo else None,
        timeout_ms=milliseconds(place, "timeout", spec.timeout),
        retry=FOR_EVER,
        undo_timeout_ms=milliseconds(f"{place}, undo", "timeout", timeout),
        undo_retry=retry_of(f"{place}, undo, retry", retry, PERSISTENT),
        refusals=refusals_of(saga),
        child=saga.name,
    )
