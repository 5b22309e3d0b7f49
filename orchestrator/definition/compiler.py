"""From what people write (steps.py) to a definition: contracts in, nodes out.

In three passes, so that each mistake is reported for what it is: every declaration on its own, then
the rules of the whole, then what fills each field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from msgspec.structs import replace as altered
from pydantic import BaseModel

from contracts.messages import Event
from contracts.topics import commands_topic
from orchestrator.definition.contract import schema_of
from orchestrator.definition.declarations import check_command, check_event, check_input, name_of
from orchestrator.definition.durations import milliseconds, retry_of
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Call, Definition, Emit, Node, Parallel, Retry, Step
from orchestrator.definition.rules import check
from orchestrator.definition.scopes import Filler
from orchestrator.definition.steps import Duration, EventSpec, ParallelSpec, Spec, StepSpec, Undo

Events = type[Event] | EventSpec | Sequence[type[Event] | EventSpec]

BRIEF: Final = Retry(attempts=3, initial_ms=1_000, maximum_ms=10_000)
"""For steps that may be given up: read and compensatable."""

PERSISTENT: Final = Retry(attempts=100, initial_ms=1_000, maximum_ms=60_000)
"""For what must work: pivot, retriable and every undo (DESIGN laws 5 and 7); about 100 minutes."""


@dataclass(frozen=True)
class Source:
    """A whole saga as written."""

    name: str
    input: type[BaseModel]
    body: tuple[Spec | tuple[Spec, ...], ...] = ()
    started: Events = ()
    completed: Events = ()
    failed: Events = ()
    deadline: Duration | None = None


def compile_saga(source: Source) -> Definition:
    """The definition; raises DefinitionError with place, reason and what to write instead."""
    place = f"saga {source.name}"
    model = check_input(place, source.input)
    specs: dict[str, StepSpec] = {}
    body = _nodes(place, source.body, specs)
    definition = Definition(source.name, schema_of(place, model, "validation"), body)
    if source.deadline is not None:
        deadline = milliseconds(place, "deadline", source.deadline)
        definition = altered(definition, deadline_ms=deadline)
    check(definition)
    filler = Filler(place, model, body, {name: spec.command for name, spec in specs.items()})
    started = _events(place, "started", source.started, filler)
    told = [emit.event for emit in started]
    return altered(
        definition,
        body=tuple(_filled(node, specs, filler) for node in body),
        started=started,
        completed=_events(place, "completed", source.completed, filler, told),
        failed=_events(place, "failed", source.failed, filler, told),
    )


def _nodes(place: str, written: Iterable[object], specs: dict[str, StepSpec]) -> tuple[Node, ...]:
    """The nodes of a sequence, their fields still empty; notes every step in ``specs``."""
    nodes: list[Node] = []
    for spec in written:
        if isinstance(spec, tuple):
            nodes.extend(_nodes(place, cast("tuple[object, ...]", spec), specs))
        elif isinstance(spec, ParallelSpec):
            nodes.append(Parallel(tuple(_nodes(place, (b,), specs) for b in spec.branches)))
        elif isinstance(spec, StepSpec):
            specs[spec.name] = spec
            nodes.append(_step(f"{place}, step {spec.name}", spec))
        else:
            raise DefinitionError(
                place,
                f"{name_of(spec)} is not a step",
                "Write read(...), compensatable(...), pivot(...), retriable(...), parallel(...)",
            )
    return tuple(nodes)


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


def _filled(node: Node, specs: Mapping[str, StepSpec], filler: Filler) -> Node:
    if isinstance(node, Parallel):
        return Parallel(
            tuple(tuple(_filled(n, specs, filler) for n in branch) for branch in node.branches)
        )
    spec = specs[node.name]
    do = altered(node.do, fields=filler.step(spec))
    undo = node.undo
    if undo and spec.undo:
        undo = altered(undo, fields=filler.undo(spec.name, spec.undo))
    return altered(node, do=do, undo=undo)


def _events(
    place: str, outcome: str, given: Events, filler: Filler, before: Sequence[str] = ()
) -> tuple[Emit, ...]:
    """The events of one outcome; ``before`` names those that have been told by then."""
    emits: list[Emit] = []
    told = list(before)
    for one in given if isinstance(given, Sequence) else [given]:
        spec = one if isinstance(one, EventSpec) else EventSpec(one)
        spot = f"{place}, {outcome}"
        contract = check_event(spot, spec.event)
        spot = f"{spot} event {contract.__name__}"
        if contract.__name__ in told:
            # Its id is the saga and this name: a reader would drop the second as a duplicate.
            raise DefinitionError(
                spot,
                "a saga tells an event once, and this one twice",
                "Leave one of the two out, or give it a contract of its own",
            )
        told.append(contract.__name__)
        fields = filler.event(spot, outcome, replace(spec, event=contract))
        emits.append(Emit(contract.__name__, contract.topic, fields[contract.key], fields))
    return tuple(emits)
