"""The order of a saga's steps by kind.

It is Garcia-Molina's and Richardson's: compensatable steps, at most one pivot, retriable steps.
Past the point of no return (the pivot, or the first retriable step where there is none) everything
must succeed. A child that has such a step is the pivot of its parent.
"""

from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Definition, Leaf, Parallel, Step, Wait
from orchestrator.definition.tree import steps_of


def check_order(saga: str, definition: Definition) -> None:
    """Raise DefinitionError where something that may fail comes after what cannot be undone."""
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


def _check_kind(place: str, step: Leaf, committed: str, pivots: list[str]) -> None:
    if committed and isinstance(step, Wait) and step.refusals:
        raise DefinitionError(
            place,
            f"it may be refused, but comes after {committed}, from which there is no way back",
            'Let it accept every signal and write expires="done", or put it before that step',
        )
    if committed and isinstance(step, Step) and step.child:
        raise DefinitionError(
            place,
            f"a saga may always fail, but this one comes after {committed}, from which there is no "
            "way back",
            "Put it before that step, or command what it does in retriable steps",
        )
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
    kinds = {step.kind: step.name for step in steps_of([node]) if not _only_waits(step)}
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


def _only_waits(step: Leaf) -> bool:
    """Whether it cannot fail: a wait in which nobody can say no."""
    return isinstance(step, Wait) and not step.refusals
