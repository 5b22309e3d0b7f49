"""What holds for every definition, however written: names, kinds and their order, undo, retries.

The order is Garcia-Molina's and Richardson's: compensatable steps, at most one pivot, retriable
steps. Past the point of no return (the pivot, or the first retriable step where there is none)
everything must succeed.
"""

from collections.abc import Iterable, Iterator
from math import isfinite
from re import fullmatch
from typing import Final

from msgspec import UNSET

from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Definition, Node, Parallel, Retry, Step

RESERVED: Final = ("input", "saga")
NAME: Final = r"[a-z][a-z0-9]*([_-][a-z0-9]+)*"


def steps_of(nodes: Iterable[Node]) -> Iterator[Step]:
    """Every step of a tree, in the order written."""
    for node in nodes:
        if isinstance(node, Step):
            yield node
        else:
            for branch in node.branches:
                yield from steps_of(branch)


def check(definition: Definition) -> None:
    """Raise DefinitionError at the first rule that a definition breaks."""
    saga = f"saga {definition.name}"
    if not _named(definition.name):
        raise DefinitionError(
            f"saga {definition.name!r}",
            "that is no name for a saga",
            'Write lower case letters, digits and hyphens, such as "order-fulfillment"',
        )
    if not definition.body:
        raise DefinitionError(
            saga, "it has no steps", "Add one with .then(read(...)) or .then(compensatable(...))"
        )
    if definition.time_ms < 1 and definition.deadline_ms is not UNSET:
        raise DefinitionError(
            saga,
            f"the deadline is {definition.time_ms} ms, and nothing can be done in that time",
            "Write a deadline such as deadline=15 (seconds), or leave it out",
        )
    _check_shape(saga, definition.body)
    seen: set[str] = set()
    for step in steps_of(definition.body):
        place = f"{saga}, step {step.name}"
        _check_name(saga, step.name, seen)
        seen.add(step.name)
        _check_undo(place, step)
        _check_timing(place, step)
    _check_order(saga, definition)


def _named(name: object) -> bool:
    return isinstance(name, str) and len(name) <= 100 and bool(fullmatch(NAME, name))


def _check_shape(saga: str, nodes: Iterable[Node]) -> None:
    for node in nodes:
        if isinstance(node, Step):
            continue
        names = ", ".join(step.name for step in steps_of([node]))
        place = f"{saga}, parallel({names})"
        if len(node.branches) < 2:
            raise DefinitionError(
                place,
                f"it has {'one branch' if node.branches else 'no branch'}, "
                "so nothing runs at the same time",
                "Give it two branches or more, or write its steps without parallel(...)",
            )
        for branch in node.branches:
            if not branch:
                raise DefinitionError(
                    place,
                    "one of its branches is empty",
                    "Leave the branch out, or add a step to it",
                )
            _check_shape(saga, branch)


def _check_name(saga: str, name: str, seen: set[str]) -> None:
    if not _named(name):
        raise DefinitionError(
            f"{saga}, step {name!r}",
            "that is no name for a step",
            'Write lower case letters, digits, hyphens and underscores, such as "payment"',
        )
    if name in RESERVED:
        raise DefinitionError(
            f"{saga}, step {name}",
            f"{name!r} is reserved: it names the data that a saga has anyway",
            "Give the step another name",
        )
    if name in seen:
        raise DefinitionError(
            f"{saga}, step {name}",
            "two steps have this name",
            "Give one of them another name: the log and the idempotency keys know a step by it",
        )


def _check_undo(place: str, step: Step) -> None:
    if step.kind == "compensatable" and step.undo is None:
        raise DefinitionError(
            place,
            "a compensatable step needs an undo, and has none",
            "Add undo=..., or write read(...) if it has no effect, pivot(...) if none is possible",
        )
    if step.kind != "compensatable" and step.undo is not None:
        raise DefinitionError(
            place,
            f"a {step.kind} step is never undone, and has an undo",
            "Leave the undo out, or make the step compensatable, before the pivot",
        )


def _check_timing(place: str, step: Step) -> None:
    for spot, timeout in ((place, step.timeout_ms), (f"{place}, undo", step.undo_timeout_ms)):
        if timeout < 1:
            raise DefinitionError(
                spot,
                f"the timeout is {timeout} ms, and nobody can answer in that time",
                "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
            )
    _check_retry(f"{place}, retry", step.retry)
    _check_retry(f"{place}, undo, retry", step.undo_retry)


def _check_retry(place: str, retry: Retry) -> None:
    problem = remedy = ""
    if retry.attempts < 0:
        problem = f"{retry.attempts} attempts cannot be made"
        remedy = "Write the attempts in all, the first one included, or FOREVER"
    elif retry.initial_ms < 1:
        problem = (
            f"the initial pause is {retry.initial_ms} ms, which hammers a service that is down"
        )
        remedy = "Write an initial pause of at least a millisecond, such as initial=1 (seconds)"
    elif retry.initial_ms > retry.maximum_ms:
        problem = (
            f"the initial pause, {retry.initial_ms} ms, is above the maximum, {retry.maximum_ms} ms"
        )
        remedy = "Write a maximum that is at least the initial pause"
    elif not (isfinite(retry.coefficient) and retry.coefficient >= 1):
        problem = f"with a coefficient of {retry.coefficient} the pauses do not grow"
        remedy = "Write 1 for equal pauses, 2 to double them each time"
    if problem:
        raise DefinitionError(place, problem, remedy)


def _check_order(saga: str, definition: Definition) -> None:
    """Walk the order of kinds; nothing that may fail comes after what cannot be undone."""
    pivots = [step.name for step in steps_of(definition.body) if step.kind == "pivot"]
    if len(pivots) > 1:
        raise DefinitionError(
            f"{saga}, step {pivots[1]}",
            f"a saga has one point of no return, and {pivots[0]} is a pivot already",
            "Make it retriable if it comes after the pivot, or compensatable if it comes before",
        )
    committed = ""
    for node in definition.body:
        if isinstance(node, Parallel):
            _check_branches(saga, node, committed)
        for step in steps_of([node]):
            _check_kind(f"{saga}, step {step.name}", step, committed, pivots)
        for step in steps_of([node]):
            if step.kind in ("pivot", "retriable"):
                committed = committed or step.name


def _check_kind(place: str, step: Step, committed: str, pivots: list[str]) -> None:
    if step.kind == "compensatable" and committed:
        raise DefinitionError(
            place,
            f"it may fail, but comes after {committed}, from which there is no way back",
            "Make it retriable, or put it before that step",
        )
    if step.kind in ("pivot", "retriable") and pivots and not committed and step.name != pivots[0]:
        raise DefinitionError(
            place,
            f"it is retriable and never undone, but the pivot {pivots[0]} may still fail after it",
            "Put it after the pivot, or make it compensatable",
        )


def _check_branches(saga: str, node: Parallel, committed: str) -> None:
    kinds = {step.kind: step.name for step in steps_of([node])}
    if "pivot" in kinds:
        raise DefinitionError(
            f"{saga}, step {kinds['pivot']}",
            "a pivot in a parallel decides alone, while its siblings may still fail",
            "Put the pivot after the parallel",
        )
    if not committed and "retriable" in kinds and len(kinds) > 1:
        other = next(name for kind, name in kinds.items() if kind != "retriable")
        raise DefinitionError(
            f"{saga}, step {kinds['retriable']}",
            f"it is retriable and never undone, but {other} may fail in the same parallel",
            "Put it after the parallel, or make it compensatable",
        )
