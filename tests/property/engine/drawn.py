"""Definitions of every shape, drawn by hypothesis."""

from hypothesis import strategies as st

from orchestrator.definition.nodes import Definition, Leaf, Node, Step
from orchestrator.definition.tree import steps_of
from tests.world import changed, child, definition, parallel, step, timed, wait


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    """Sequences and parallels of compensatable steps, reads, waits and children that can be undone,
    perhaps a pivot or a child that decides, and retriables after it.
    """
    names = iter("abcdefghijklmnop")
    kinds = st.sampled_from([*["compensatable"] * 3, "read", "wait", "person", "child"])

    def leaf(kind: str) -> Leaf:
        name = next(names)
        if kind in ("wait", "person"):
            return wait(
                name, person=kind == "person", timeout_ms=draw(st.sampled_from([400, 5_000]))
            )
        if kind == "child":
            return child(name, draw(st.sampled_from(["compensatable", "read"])))
        return step(name, kind)  # type: ignore[arg-type]

    def some(kind: st.SearchStrategy[str], least: int) -> list[Node]:
        nodes: list[Node] = []
        for _ in range(draw(st.integers(least, 2))):
            if draw(st.booleans()):
                nodes.append(leaf(draw(kind)))
            else:
                lengths = draw(st.lists(st.integers(1, 2), min_size=2, max_size=2))
                nodes.append(
                    parallel(*(tuple(leaf(draw(kind)) for _ in range(n)) for n in lengths))
                )
        return nodes

    before = some(kinds, 1)
    if not draw(st.booleans()):
        return tuple(before)
    name = next(names)
    pivot = child(name) if draw(st.booleans()) else step(name, "pivot")
    return (*before, pivot, *some(st.just("retriable"), 0))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A definition, perhaps with a deadline, perhaps with a signal that changes what can be done
    again.
    """
    made = definition(*draw(bodies()))
    again = [
        leaf.name
        for leaf in steps_of(made.body)
        if isinstance(leaf, Step) and (leaf.kind in ("compensatable", "read") or leaf.child)
    ]
    if again and draw(st.booleans()):
        made = changed(made, draw(st.sampled_from(again)))
    return timed(made, draw(st.sampled_from([0, 1_500, 6_000])))
