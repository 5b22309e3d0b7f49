"""From what people write (words/specs.py) to a saga: contracts in, nodes out.

In three passes, so that each mistake is reported for what it is: every declaration on its own, then
the rules of the whole, then what fills each field.
"""

from dataclasses import dataclass

from msgspec import UNSET, UnsetType
from msgspec.structs import replace as altered
from pydantic import BaseModel

from contracts.messages import Reply, Signal
from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.changes import (
    change_of,
    check_change,
    check_effect,
    check_taken,
)
from orchestrator.definition.compiling.contract import schema_of, wanted
from orchestrator.definition.compiling.declarations import check_input, check_result
from orchestrator.definition.compiling.events import emits
from orchestrator.definition.compiling.making import Made
from orchestrator.definition.compiling.scopes import Filler
from orchestrator.definition.compiling.waits import flag
from orchestrator.definition.nodes import Definition, Node, Parallel, Wait, version
from orchestrator.definition.rules import check
from orchestrator.definition.words.durations import milliseconds
from orchestrator.definition.words.specs import (
    ChangeSpec,
    ChildSpec,
    Duration,
    Events,
    Spec,
    WaitSpec,
)


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
    changes: tuple[ChangeSpec, ...] = ()
    returns: type[Reply] | None = None
    progress: bool = False


def compile_saga(source: Source) -> Saga:
    """The saga; raises DefinitionError with place, reason and what to write instead."""
    place = f"saga {source.name}"
    model = check_input(place, source.input)
    made = Made(source.name, source.body)
    changes = [check_change(place, one) for one in source.changes]
    definition = Definition(
        source.name,
        schema_of(place, model, "validation"),
        made.body,
        deadline_ms=_deadline(place, source.deadline),
        changes=tuple(change_of(place, model, one) for one in changes) or UNSET,
        progress=flag(place, "progress", source.progress) or UNSET,
    )
    check(definition)
    for one in changes:
        if one.redo in made.children:
            check_taken(place, one.signal, one.redo, made.children[one.redo])
    returns = None if source.returns is None else check_result(place, source.returns)
    filler = Filler(place, model, made.body, made.replies)
    definition = altered(
        _told(definition, source, filler, changes),
        body=tuple(_filled(node, made, filler) for node in made.body),
        result=filler.result(returns) if returns else UNSET,
    )
    check_effect(place, definition)
    return Saga(
        definition,
        model,
        version(definition),
        {**_awaited(made), **{one.signal.name: one.signal for one in changes}},
        returns,
        made.children,
    )


def _deadline(place: str, given: Duration | None) -> int | UnsetType:
    return UNSET if given is None else milliseconds(place, "deadline", given)


def _awaited(made: Made) -> dict[str, type[Signal]]:
    waits = [spec for spec in made.specs.values() if isinstance(spec, WaitSpec)]
    return {spec.signal.name: spec.signal for spec in waits if spec.signal}


def _told(
    definition: Definition, source: Source, filler: Filler, changes: list[ChangeSpec]
) -> Definition:
    """The definition with its events."""
    place = f"saga {source.name}"
    started = emits(f"{place}, started", source.started, filler.of("started"))
    told = [emit.event for emit in started]
    by_signal = {
        one.signal.name: emits(
            f"{place}, change {one.signal.name}", one.tells, filler.of_signal(one.signal)
        )
        for one in changes
    }
    return altered(
        definition,
        started=started,
        completed=emits(f"{place}, completed", source.completed, filler.of("completed"), told),
        failed=emits(f"{place}, failed", source.failed, filler.of("failed"), told),
        changes=tuple(
            altered(change, told=by_signal[change.signal]) for change in definition.changes or ()
        )
        or UNSET,
    )


def _filled(node: Node, made: Made, filler: Filler) -> Node:
    if isinstance(node, Parallel):
        return Parallel(
            tuple(tuple(_filled(n, made, filler) for n in branch) for branch in node.branches)
        )
    spec = made.specs[node.name]
    if isinstance(node, Wait) or isinstance(spec, WaitSpec):
        return node
    place = f"saga {made.name}, step {node.name}"
    message = spec.saga.input if isinstance(spec, ChildSpec) else spec.command
    fields = filler.command(place, node.name, wanted(place, message), spec.fields)
    undo = node.undo
    if undo and spec.undo:
        spot = f"{place}, undo"
        message = wanted(spot, spec.undo.command)
        undo = altered(undo, fields=filler.undo(spot, node.name, message, spec.undo.fields))
    return altered(node, do=altered(node.do, fields=fields), undo=undo)
