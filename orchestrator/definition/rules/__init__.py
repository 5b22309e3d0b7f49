"""What holds for every definition, however written: its names, shape and undo; and the rules of
order.py, timing.py and signal_rules.py.
"""

from collections.abc import Iterable

from msgspec import UNSET

from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.names import RESERVED, is_name
from orchestrator.definition.nodes import Definition, Node, Parallel, Step
from orchestrator.definition.rules.order import check_order
from orchestrator.definition.rules.signals import check_signals
from orchestrator.definition.rules.timing import check_timing
from orchestrator.definition.tree import steps_of


def check(definition: Definition) -> None:
    """Raise DefinitionError at the first rule that a definition breaks."""
    saga = f"saga {definition.name}"
    if not is_name(definition.name):
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
        if isinstance(step, Step):
            _check_undo(place, step)
        check_timing(place, step)
    check_order(saga, definition)
    check_signals(saga, definition)


def _check_shape(saga: str, nodes: Iterable[Node]) -> None:
    for node in nodes:
        if not isinstance(node, Parallel):
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
    if not is_name(name):
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
    if step.kind == "compensatable" and step.undo is None and step.child:
        raise DefinitionError(
            place,
            f"the saga {step.child} does what can be undone, and has no undo once it is done",
            "Add undo=..., the command that undoes the whole of it",
        )
    if step.kind != "compensatable" and step.undo is not None and step.child:
        can = "has a point of no return" if step.kind == "pivot" else "has no effect"
        raise DefinitionError(
            place,
            f"the saga {step.child} {can}, so it is never undone, and has an undo",
            "Leave the undo out",
        )
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
