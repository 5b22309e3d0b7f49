"""Signals that change the input of a running saga: what is written, checked and compiled."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import cast

from pydantic import BaseModel

from contracts.messages import Signal
from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.carried import carried, check_signal
from orchestrator.definition.compiling.contract import Contract, wanted
from orchestrator.definition.compiling.declarations import name_of
from orchestrator.definition.compiling.shapes import describe, fits
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Change, Definition, Step
from orchestrator.definition.tree import steps_of
from orchestrator.definition.words.specs import ChangeSpec


def check_change(place: str, given: object) -> ChangeSpec:
    """What a saga takes; raises DefinitionError unless it is a change by a signal."""
    if not isinstance(given, ChangeSpec):
        raise DefinitionError(
            f"{place}, takes",
            f"{name_of(given)} is not a change",
            'Write .takes(change(UpdateAddress, fields={"address": "new_address"}, redo="..."))',
        )
    check_signal(f"{place}, takes", given.signal)
    return given


def change_of(place: str, model: type[BaseModel], spec: ChangeSpec) -> Change:
    """The node of a change, its events still missing."""
    spot = f"{place}, change {spec.signal.name}"
    signal, message = carried(spot, spec.signal), wanted(spot, model)
    fields = spec.fields
    if fields is None:
        fields = {name: name for name in message.fields if name in signal.fields}
    for name, source in _checked(spot, fields).items():
        _check_field(f"{spot}, field {name}", name, source, signal, message)
    if not fields:
        raise DefinitionError(
            spot,
            f"it changes nothing: no field of {message.name} is filled from {signal.name}",
            'Write fields={"address": "new_address"}: a field of the input, one of the signal',
        )
    return Change(spec.signal.name, tuple(sorted(signal.fields)), dict(fields), spec.redo)


def _checked(place: str, fields: object) -> Mapping[str, str]:
    if not isinstance(fields, Mapping):
        raise DefinitionError(
            place,
            f"{fields!r} is not a mapping of fields of the input to fields of the signal",
            'Write fields={"address": "new_address"}',
        )
    return cast("Mapping[str, str]", fields)


def _check_field(
    place: str, name: str, source: object, signal: Contract, message: Contract
) -> None:
    for one, contract in ((name, message), (source, signal)):
        if one not in contract.fields:
            close = get_close_matches(str(one), contract.fields, n=1)
            meant = f" (did you mean {close[0]!r}?)" if close else ""
            raise DefinitionError(
                place,
                f"{contract.name} has no field {one!r}",
                f"Write one of its fields: {', '.join(contract.fields) or 'it has none'}{meant}",
            )
    shape, into = signal.fields[str(source)], message.fields[name]
    if not fits(shape, into):
        raise DefinitionError(
            place,
            f"{signal.name}.{source} is {describe(shape)}, but {message.name}.{name} is "
            f"{describe(into)}",
            f"Fill it from another field of {signal.name}, or change the type of one of the two",
        )


def check_effect(place: str, definition: Definition) -> None:
    """Whether doing the step again does anything: it must be filled from what has changed. Raises
    DefinitionError where it is not.
    """
    steps = {step.name: step for step in steps_of(definition.body)}
    for change in definition.changes or ():
        spot, step = f"{place}, change {change.signal}", steps[change.redo]
        changed = {f"input.{name}" for name in change.fields}
        if isinstance(step, Step) and not changed & set(step.do.fields.values()):
            raise DefinitionError(
                spot,
                f"{change.redo} is done again, and nothing of {step.do.command} is filled from "
                f"{' or '.join(sorted(changed))}",
                "Name the first step that is filled from it as redo=..., or fill that step from it",
            )


def check_taken(place: str, signal: type[Signal], step: str, child: Saga) -> None:
    """Whether a child can decide a signal that is handed on to it."""
    spot = f"{place}, change {signal.name}"
    taken = {change.signal for change in child.definition.changes or ()}
    if signal.name not in taken:
        raise DefinitionError(
            spot,
            f"while {step} runs it is handed on to the saga {child.name}, which does not take it",
            f"Add .takes(change({signal.__name__}, redo=...)) to {child.name}, or name a step "
            "before it",
        )
    given, theirs = carried(spot, signal), carried(spot, child.signals[signal.name])
    for name, shape in theirs.fields.items():
        if name not in given.fields or not fits(given.fields[name], shape):
            raise DefinitionError(
                spot,
                f"it is handed on to the saga {child.name}, which wants {theirs.name}.{name} to be "
                f"{describe(shape)}",
                f"Name the same signal in both, or give {given.name} that field",
            )
