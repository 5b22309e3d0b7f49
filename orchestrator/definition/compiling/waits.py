"""A wait, from what was written to its node: what its contract must have, and its data for the end
of the time.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, cast

from contracts.messages import Signal
from orchestrator.definition.compiling.carried import carried, check_signal
from orchestrator.definition.compiling.shapes import Shape, describe, fits
from orchestrator.definition.errors import DefinitionError, InvalidInput
from orchestrator.definition.nodes import REJECTED, REJECTED_STATUS, Wait
from orchestrator.definition.validation import validated
from orchestrator.definition.words.durations import milliseconds
from orchestrator.definition.words.specs import WaitSpec

Expires = Literal["done", "refused"]

_BOOLEAN = Shape({"type": "boolean"}, {})


def wait_of(place: str, spec: WaitSpec) -> Wait:
    """The node of a wait; raises DefinitionError where its parts do not go together."""
    signal = None if spec.signal is None else check_signal(place, spec.signal)
    expires = expiry(place, spec.expires or ("refused" if signal else "done"))
    accepts = _accepts(place, spec, signal)
    return Wait(
        name=spec.name,
        signal=signal.name if signal else "",
        required=tuple(sorted(carried(place, signal).fields)) if signal else (),
        timeout_ms=milliseconds(place, "timeout", spec.timeout),
        expires=expires,
        data=_data(place, spec, signal, expires),
        refusals=refusals(accepts, expires),
        accepts=accepts,
        person=flag(place, "person", spec.person),
    )


def refusals(accepts: str, expires: Expires) -> dict[str, int]:
    """With which codes a wait may be refused."""
    return {REJECTED: REJECTED_STATUS} if accepts or expires == "refused" else {}


def expiry(place: str, given: object) -> Expires:
    """What a wait comes to when its time is over; raises DefinitionError for what is none."""
    if given not in ("done", "refused"):
        raise DefinitionError(
            place,
            f"at the end of its time a wait is done or refused, not {given!r}",
            'Write expires="done" or expires="refused"',
        )
    return given


def flag(place: str, what: str, given: object) -> bool:
    """Yes or no; raises DefinitionError for anything else."""
    if not isinstance(given, bool):
        raise DefinitionError(
            place, f"{what} is {given!r}, not true or false", f"Write {what}=True, or leave it out"
        )
    return given


def _accepts(place: str, spec: WaitSpec, signal: type[Signal] | None) -> str:
    if not spec.accepts:
        return ""
    if signal is None:
        raise DefinitionError(
            place,
            f"it accepts by the field {spec.accepts!r}, and waits for no signal that could have it",
            "Name the signal that it waits for, or leave accepts out",
        )
    fields = carried(place, signal).fields
    yes = ", ".join(name for name, shape in fields.items() if fits(shape, _BOOLEAN))
    if spec.accepts not in fields:
        close = get_close_matches(spec.accepts, fields, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        raise DefinitionError(
            place,
            f"it accepts by the field {spec.accepts!r}, which {signal.__name__} does not have",
            f"Write a field that is true or false: {yes or 'it has none'}{meant}",
        )
    if not fits(fields[spec.accepts], _BOOLEAN):
        raise DefinitionError(
            place,
            f"it accepts by the field {spec.accepts!r}, which is {describe(fields[spec.accepts])}",
            f"Write a field that is true or false: {yes or 'it has none'}",
        )
    return spec.accepts


def _data(
    place: str, spec: WaitSpec, signal: type[Signal] | None, expires: Expires
) -> dict[str, Any]:
    if signal is None and spec.data:
        raise DefinitionError(
            place,
            "it has data for the end of its time, and waits for no signal that could carry them",
            "Name the signal that it waits for, or leave the data out",
        )
    if expires == "refused" and spec.data is not None:
        raise DefinitionError(
            place,
            "it has data for the end of its time, at which it is refused",
            'Write expires="done", or leave the data out',
        )
    if signal is None or expires == "refused":
        return {}
    return data_of(place, signal, spec.data, spec.accepts)


def data_of(place: str, signal: type[Signal], given: object, accepts: str) -> dict[str, Any]:
    """What the wait is answered with at the end of its time, as the signal's contract writes it."""
    names = ", ".join(carried(place, signal).fields)
    remedy = f"Write data={{...}} with the fields of {signal.__name__}: {names}"
    if given is not None and not isinstance(given, Mapping):
        raise DefinitionError(place, f"the data {given!r} are not fields and their values", remedy)
    try:
        data = validated(signal, cast("Mapping[str, Any]", given or {}), "data")
    except InvalidInput as error:
        raise DefinitionError(
            place,
            f"at the end of its time it is done, and its data do not fit {signal.__name__}: "
            f"{error}".rstrip("."),
            remedy,
        ) from error
    if accepts and not data[accepts]:
        raise DefinitionError(
            place,
            f"at the end of its time it is done, but its data say {accepts}: {data[accepts]}",
            f'Write {accepts!r}: True in its data, or expires="refused"',
        )
    return data
