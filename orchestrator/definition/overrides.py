"""Times and retries of a saga set from outside, without touching its code. Pure.

    {"order-lifecycle": {"deadline": 15, "steps": {
        "payment": {"timeout": 3, "retry": {"attempts": 3}, "undo": {"timeout": 5}},
        "review": {"person": true}}}}

Durations are seconds. What is left out stays as the saga was written; of a retry, too. The result
is another version of the saga: what has begun ends on its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final, cast

from msgspec import UNSET
from msgspec.structs import replace as altered

from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.waits import data_of, expiry, flag, refusals
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import (
    Definition,
    Leaf,
    Node,
    Parallel,
    Retry,
    Wait,
    version,
)
from orchestrator.definition.rules import check
from orchestrator.definition.tree import steps_of
from orchestrator.definition.words.durations import milliseconds, retry_of
from orchestrator.definition.words.specs import RetryPolicy

PATIENCE: Final = 86_400
"""For how long a person is waited for where only that is said, in seconds."""

Given = Mapping[str, Any]


def all_overridden(sagas: Iterable[Saga], given: object) -> list[Saga]:
    """The sagas, each with what is given under its name; raises DefinitionError for a name that
    none of them has.
    """
    sagas = list(sagas)
    every = _mapping("overrides", given, [saga.name for saga in sagas], "saga")
    return [overridden(one, every[one.name]) if one.name in every else one for one in sagas]


def overridden(saga: Saga, given: object) -> Saga:
    """The saga with other times and retries; raises DefinitionError with the place and what may
    stand there.
    """
    place = f"overrides of {saga.name}"
    found = _mapping(place, given, ("deadline", "steps"), "setting")
    definition = saga.definition
    names = [step.name for step in steps_of(definition.body)]
    steps = _mapping(f"{place}, steps", found.get("steps", {}), names, "step")
    if "deadline" in found:
        definition = _deadline(place, definition, found["deadline"])
    body = tuple(_node(saga, node, steps) for node in definition.body)
    definition = altered(definition, body=body)
    try:
        check(definition)
    except DefinitionError as error:
        wrong = error.place.removeprefix(f"saga {saga.name}")
        raise DefinitionError(f"{place}{wrong}", error.reason, error.remedy) from error
    return replace(saga, definition=definition, version=version(definition))


def _deadline(place: str, definition: Definition, given: object) -> Definition:
    if given is None:
        return altered(definition, deadline_ms=UNSET)
    return altered(definition, deadline_ms=milliseconds(place, "deadline", given))


def _node(saga: Saga, node: Node, given: Given) -> Node:
    if isinstance(node, Parallel):
        branches = (tuple(_node(saga, one, given) for one in branch) for branch in node.branches)
        return Parallel(tuple(branches))
    if node.name not in given:
        return node
    place = f"overrides of {saga.name}, step {node.name}"
    return _leaf(saga, place, node, given[node.name])


def _leaf(saga: Saga, place: str, leaf: Leaf, given: object) -> Leaf:
    if isinstance(leaf, Wait):
        return _wait(saga, place, leaf, given)
    known = ["timeout"] if leaf.child else ["timeout", "retry"]
    found = _mapping(place, given, [*known, "undo"] if leaf.undo else known, "setting")
    undo = _mapping(f"{place}, undo", found.get("undo", {}), ("timeout", "retry"), "setting")
    return altered(
        leaf,
        timeout_ms=_timeout(place, found, leaf.timeout_ms),
        retry=_retry(place, found, leaf.retry),
        undo_timeout_ms=_timeout(f"{place}, undo", undo, leaf.undo_timeout_ms),
        undo_retry=_retry(f"{place}, undo", undo, leaf.undo_retry),
    )


def _wait(saga: Saga, place: str, wait: Wait, given: object) -> Wait:
    found = _mapping(place, given, ("timeout", "expires", "data", "person"), "setting")
    person = flag(place, "person", found.get("person", wait.person))
    if person and not wait.person:
        found = {"timeout": PATIENCE, "expires": "refused", **found}
    expires = expiry(place, found.get("expires", wait.expires))
    if "data" in found and expires == "refused":
        raise DefinitionError(
            place,
            "it has data for the end of its time, at which it is refused",
            'Write "expires": "done", or leave the data out',
        )
    data = wait.data if expires == "done" else {}
    signal = saga.signals.get(wait.signal)
    if signal and expires == "done" and ("data" in found or wait.expires != "done"):
        data = data_of(place, signal, found.get("data"), wait.accepts)
    return altered(
        wait,
        timeout_ms=_timeout(place, found, wait.timeout_ms),
        expires=expires,
        data=data,
        person=person,
        refusals=refusals(wait.accepts, expires),
    )


def _timeout(place: str, found: Given, as_it_was: int) -> int:
    return milliseconds(place, "timeout", found["timeout"]) if "timeout" in found else as_it_was


def _retry(place: str, found: Given, as_it_was: Retry) -> Retry:
    known = ("attempts", "initial", "maximum", "coefficient")
    given = _mapping(f"{place}, retry", found.get("retry", {}), known, "setting")
    return retry_of(f"{place}, retry", RetryPolicy(**given), as_it_was)


def _mapping(place: str, given: object, known: Iterable[str], what: str) -> Given:
    """A JSON object that has no other names than these."""
    names = list(known)
    if not isinstance(given, Mapping):
        raise DefinitionError(
            place,
            f"{given!r} is no JSON object",
            f"Write an object with some of these: {', '.join(names)}",
        )
    for name in cast("Mapping[object, object]", given):
        if name not in names:
            close = get_close_matches(str(name), names, n=1)
            meant = f" (did you mean {close[0]!r}?)" if close else ""
            raise DefinitionError(
                place,
                f"there is no {what} {name!r}",
                f"Write one of these: {', '.join(names) or 'there is none'}{meant}",
            )
    return cast("Given", given)
