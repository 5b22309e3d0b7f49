"""Messages that a saga may have to send by a version of its definition, and that nothing fills."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from orchestrator.definition.nodes import Emit, Step
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State, StepState

_ABOUT: Final = ("saga", "signal")
"""What is there whenever a message may be filled from it."""
_Data = Mapping[str, Mapping[str, Any]]
_Fields = Mapping[str, str]


def closure(plan: Plan, needs: Iterable[str]) -> set[str]:
    """These steps, and all that come before them."""
    found, left = set[str](), list(needs)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(plan.steps[name].needs)
    return found


def surely_over(plan: Plan, state: State, name: str) -> set[str]:
    """The steps that are over whenever this one begins.

    In a saga that began by this plan these are all that come before it. In one that was moved to it
    a step may be under way before those that should precede it, and what follows does not wait for
    them.
    """
    found = {other for other, step in state.steps.items() if over(step)}
    left = list(plan.steps[name].needs)
    while left:
        need = left.pop()
        if need not in found:
            found.add(need)
            if need not in state.steps:
                left.extend(plan.steps[need].needs)
    return found


def over(step: StepState | None) -> bool:
    """Whether those that come after it may begin."""
    return step is not None and step.phase in ("done", "skipped")


def unsettled(step: StepState) -> bool:
    """Whether an answer to the round that is out may still come, or the round be asked again."""
    if step.phase == "stuck":
        return not step.settled
    return step.phase in ("sent", "pausing", "waiting")


def may_stand(step: StepState) -> bool:
    """Whether the step may have an effect that is not undone."""
    if step.direction == "undo":
        return step.phase not in ("done", "skipped")
    asked = step.phase in ("sent", "pausing", "stuck", "done", "unknown") and not step.settled
    return asked or step.stands > 0


def there(state: State) -> _Data:
    """What the messages of the saga are filled from now."""
    return {**state.data, "input": {**state.data["input"], **state.changed}}


def unfilled(new: Plan, state: State, turns: bool) -> Iterator[str]:
    """A reason for every field that nothing fills; ``turns``: it may have to be undone."""
    data, redone = there(state), {change.redo for change in new.definition.changes or ()}
    for name, planned in new.steps.items():
        node, step = planned.step, state.steps.get(name)
        if not isinstance(node, Step):
            continue
        coming = _coming(surely_over(new, state, name), state) if step is None else set[str]()
        if may_be_asked(node, step, state) or (name in redone and over(step)):
            yield from _lacking(node.do.command, node.do.fields, data, coming)
        forward = state.mode == "forward"
        if node.undo and turns and (forward if step is None else may_stand(step)):
            # Of a child the success is known before anybody undoes it.
            known = coming | {name} if node.child and not over(step) else coming
            yield from _lacking(node.undo.command, node.undo.fields, data, known)
    yield from _untold(new, state, data, turns)


def may_be_asked(node: Step, step: StepState | None, state: State) -> bool:
    """Whether the step may still be asked to do its work, for the first time or once more."""
    forward = state.mode == "forward"
    if step is None:
        return forward
    if step.direction == "undo" or not (unsettled(step) or step.phase == "stuck"):
        return False
    return forward or node.kind == "retriable" or bool(node.child)


def _coming(names: Iterable[str], state: State) -> set[str]:
    """The steps of which there will be a reply."""
    return {name for name in names if not over(state.steps.get(name))}


def _lacking(message: str, fields: _Fields, data: _Data, coming: AbstractSet[str]) -> Iterator[str]:
    for field, source in fields.items():
        section, _, key = source.partition(".")
        if section in _ABOUT or section in coming or key in data.get(section, ()):
            continue
        yield f"{message}.{field} is filled from {source}, which is not there"


def _untold(new: Plan, state: State, data: _Data, turns: bool) -> Iterator[str]:
    """Events, and the answer of a child, that cannot be told."""
    definition, coming = new.definition, _coming(new.steps, state)
    if state.mode == "forward":
        yield from _events(definition.completed, data, coming)
        for change in definition.changes or ():
            yield from _events(change.told, data, coming)
        yield from _lacking("its result", definition.result or {}, data, coming)
    if turns:
        yield from _events(definition.failed, data, set())
    if state.parked and not state.steps:  # of its start nothing has been told yet
        yield from _events(definition.started, data, set())


def _events(emits: Iterable[Emit], data: _Data, coming: AbstractSet[str]) -> Iterator[str]:
    for emit in emits:
        yield from _lacking(emit.event, {"key": emit.key, **emit.fields}, data, coming)
