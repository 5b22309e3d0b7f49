"""What stands in a tree of nodes."""

from collections.abc import Iterable, Iterator

from orchestrator.definition.nodes import Call, Leaf, Node, Parallel, Step


def steps_of(nodes: Iterable[Node]) -> Iterator[Leaf]:
    """Every step, child and wait of a tree, in the order written."""
    for node in nodes:
        if isinstance(node, Parallel):
            for branch in node.branches:
                yield from steps_of(branch)
        else:
            yield node


def commands_of(nodes: Iterable[Node]) -> Iterator[Call]:
    """Every command to a participant, to do and to undo: all but the starts of children."""
    for leaf in steps_of(nodes):
        if isinstance(leaf, Step):
            if not leaf.child:
                yield leaf.do
            if leaf.undo is not None:
                yield leaf.undo
