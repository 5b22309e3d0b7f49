"""How the fields of a command or event are filled from the saga's data, and what cannot fill them.

By name, the latest wins: the reply of the last step before, down to the input. Two that are equally
late (steps of parallel branches), or of different types, are not guessed between: then a mapping
must say which.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn, cast

from orchestrator.definition.compiling.contract import Contract
from orchestrator.definition.compiling.shapes import Shape, describe, fits
from orchestrator.definition.errors import DefinitionError


@dataclass(frozen=True)
class Origin:
    """What a message may be filled from: the input, the reply of a step, or facts about the saga.

    ``before`` names the origins that are older; ``by_name`` the fields that may be found by name
    alone.
    """

    contract: Contract
    before: frozenset[str]
    by_name: frozenset[str]


@dataclass(frozen=True)
class Scope:
    """What is there when a message is filled, and why the rest is not (contract and reason)."""

    origins: Mapping[str, Origin]
    absent: Mapping[str, tuple[Contract, str]]


def fill(place: str, message: Contract, mapping: object, scope: Scope) -> dict[str, str]:
    """The source of each field; raises DefinitionError for one that nothing fills as it must be.

    A field with a default that no origin has keeps its default.
    """
    explicit = _explicit(place, message, mapping)
    filled: dict[str, str] = {}
    for name, shape in message.fields.items():
        spot = f"{place}, field {name}"
        if name in explicit:
            source = _mapped(spot, explicit[name], scope)
        else:
            source = _by_name(spot, message, name, scope)
        if source:
            _check_fit(spot, message, name, shape, source, scope)
            filled[name] = source
    return filled


def _explicit(place: str, message: Contract, mapping: object) -> Mapping[str, object]:
    if not isinstance(mapping, Mapping):
        raise DefinitionError(
            place,
            f"{mapping!r} is not a mapping of fields to sources",
            'Write fields={"amount": "product.amount"}',
        )
    explicit = cast("Mapping[str, object]", mapping)
    for name in explicit:
        if name not in message.fields:
            names = ", ".join(message.fields) or "it has none"
            raise DefinitionError(
                place,
                f"the mapping names the field {name!r}, which {message.name} does not have",
                f"Write one of its fields: {names}{_like(str(name), message.fields)}",
            )
    return explicit


def _like(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _mapped(place: str, source: object, scope: Scope) -> str:
    """An explicit source, checked to be one that is there."""
    known = [f"{name}.{field}" for name, field in _all_fields(scope)]
    if isinstance(source, str):
        if source in known:
            return source
        section, _, field = source.partition(".")
        contract, why = scope.absent.get(section, (None, ""))
        if contract and field in contract.fields:
            _absent(place, source, why, scope)
    raise DefinitionError(
        place,
        f"it is mapped to {source!r}, and there is no such source",
        f"Write one of {', '.join(known)}{_like(str(source), known)}",
    )


def _absent(place: str, source: str, why: str, scope: Scope) -> NoReturn:
    known = ", ".join(
        f"{s}.{field}" for s, o in scope.origins.items() for field in sorted(o.by_name)
    )
    raise DefinitionError(
        place,
        f"{source} is not there when it is needed: {why}",
        f"Fill it from what is known by then, such as {known}",
    )


def _all_fields(scope: Scope) -> Iterator[tuple[str, str]]:
    for name, origin in scope.origins.items():
        for field in origin.contract.fields:
            yield name, field


def _by_name(place: str, message: Contract, name: str, scope: Scope) -> str:
    """The latest source of that name; empty where there is none and the field has a default."""
    found = {section: origin for section, origin in scope.origins.items() if name in origin.by_name}
    older = frozenset[str]().union(*(origin.before for origin in found.values()))
    latest = [section for section in found if section not in older]
    if not latest:
        if name in message.required:
            _unfilled(place, message, name, scope)
        return ""
    example = f'fields={{"{name}": "{latest[0]}.{name}"}}'
    if len(latest) > 1:
        raise DefinitionError(
            place,
            f"both {' and '.join(latest)} have it, and neither is later than the other",
            f"Say which one is meant: {example}",
        )
    shapes = {section: origin.contract.fields[name] for section, origin in found.items()}
    newest = shapes[latest[0]]
    for section, shape in shapes.items():
        if not (fits(shape, newest) and fits(newest, shape)):
            raise DefinitionError(
                place,
                f"{section}.{name} is {describe(shape)}, {latest[0]}.{name} is {describe(newest)}",
                f"Say which one is meant: {example}",
            )
    return f"{latest[0]}.{name}"


def _unfilled(place: str, message: Contract, name: str, scope: Scope) -> NoReturn:
    for section, (contract, why) in scope.absent.items():
        if name in contract.fields:
            _absent(place, f"{section}.{name}", why, scope)
    wanted = message.fields[name]
    fitting = {
        f"{section}.{field}": field
        for section, origin in scope.origins.items()
        for field in sorted(origin.by_name)
        if fits(origin.contract.fields[field], wanted)
    }
    close = get_close_matches(name, fitting.values(), n=1)
    best = [source for source, field in fitting.items() if field in close] or list(fitting)
    # A fact that everybody's name would find is not found by name; it is what was meant.
    best += [
        f"{section}.{name}"
        for section, origin in scope.origins.items()
        if name in origin.contract.fields and fits(origin.contract.fields[name], wanted)
    ]
    mapping = f'Map it, such as fields={{"{name}": "{best[-1]}"}}, or ' if best else ""
    remedy = f"{mapping}give it a default in {message.name}, or let an earlier step reply with it"
    raise DefinitionError(
        place,
        f"nothing fills it: neither the input nor an earlier reply has a field {name!r}",
        remedy[0].upper() + remedy[1:],
    )


def _check_fit(
    place: str, message: Contract, name: str, wanted: Shape, source: str, scope: Scope
) -> None:
    section, _, field = source.partition(".")
    origin = scope.origins[section].contract
    shape = origin.fields[field]
    if field not in origin.required:
        raise DefinitionError(
            place,
            f"{source} may be missing: it has a default in {origin.name}, so replies may omit it",
            f"Make {field!r} required in {origin.name}, or fill {name!r} from something else",
        )
    if not fits(shape, wanted):
        raise DefinitionError(
            place,
            f"{source} is {describe(shape)}, but {message.name}.{name} is {describe(wanted)}",
            f"Map another source to it, or change the type in {message.name} or {origin.name}",
        )
