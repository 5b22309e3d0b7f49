"""One saga as a picture: the tree of its definition, each leaf with how it stands and how its undo
stands. Pure: without a state it is the picture of the definition.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from orchestrator.admin.times import duration
from orchestrator.admin.ui.looks import BACK, DONE, DOUBT, FORWARD, IDLE, KINDS, NEVER, Mark
from orchestrator.admin.ui.undoing import Undoing
from orchestrator.definition.nodes import Definition, Leaf, Node, Parallel, Step, Wait
from orchestrator.engine.state import State, StepState


class Way(NamedTuple):
    """One direction of a leaf: what is commanded of whom, and how that stands.

    ``attempts`` 0 means without end; ``at`` has the attempt, round and times, where there are any.
    """

    command: str
    service: str
    mark: Mark
    attempts: int = 0
    at: StepState | None = None


class Child(NamedTuple):
    """The saga that does a step: ``saga`` None while it is not there (to see)."""

    definition: str
    saga: int | None
    mark: Mark


class Card(NamedTuple):
    """A leaf of the tree."""

    name: str
    kind: str
    note: str
    do: Way
    undo: Way | None
    child: Child | None


class Fork(NamedTuple):
    """Branches that run at the same time."""

    branches: tuple[tuple["Part", ...], ...]


Part = Card | Fork
FindChild = Callable[[Step, int], Child]
"""The child of a step in a round."""


class Painter:
    """Paints a definition, as ``state`` has it (None: as it is written).

    ``undoing`` is what the engine says of the way back, ``find_child`` looks up children.
    """

    def __init__(
        self,
        definition: Definition,
        state: State | None = None,
        undoing: Undoing | None = None,
        find_child: FindChild | None = None,
    ) -> None:
        self._definition = definition
        self._state = state
        self._turns = {undo.step: undo.turn for undo in undoing.commands} if undoing else {}
        self._willing = undoing is not None and undoing.standing in ("would", "held")
        self._find_child = find_child

    def picture(self) -> tuple[Part, ...]:
        """The whole tree."""
        return tuple(self._parts(self._definition.body))

    def _parts(self, nodes: tuple[Node, ...]) -> Iterator[Part]:
        for node in nodes:
            if isinstance(node, Parallel):
                yield Fork(tuple(tuple(self._parts(branch)) for branch in node.branches))
            else:
                yield self._card(node)

    def _card(self, leaf: Leaf) -> Card:
        at = self._state.steps.get(leaf.name) if self._state else None
        if isinstance(leaf, Wait):
            do = Way("", "", self._forward(leaf, at), 1, at)
            return Card(leaf.name, KINDS["wait"], _of_wait(leaf), do, None, None)
        service = "" if leaf.child else leaf.do.topic.removesuffix(".commands")
        doing = at if at and at.direction == "do" else None
        do = Way(leaf.do.command, service, self._forward(leaf, at), leaf.retry.attempts, doing)
        return Card(
            leaf.name, KINDS[leaf.kind], "", do, self._undo(leaf, at), self._child(leaf, at)
        )

    def _forward(self, leaf: Leaf, at: StepState | None) -> Mark:
        state = self._state
        if state is None:
            return Mark("idle", "")
        if at is None:
            return IDLE if state.mode == "forward" else NEVER
        if at.direction == "undo":  # what it had come to before it was undone
            return DONE if leaf.name in state.data else DOUBT
        return FORWARD[at.phase]

    def _undo(self, step: Step, at: StepState | None) -> Way | None:
        if step.undo is None:
            return None
        service = step.undo.topic.removesuffix(".commands")
        if at is not None and at.direction == "undo":
            attempts = step.undo_retry.attempts
            return Way(step.undo.command, service, BACK[at.phase], attempts, at)
        turn = self._turns.get(step.name)
        word = ""
        if turn is not None:
            word = f"undone in turn {turn}"
            word = f"would be {word}" if self._willing else f"is {word}"
        return Way(step.undo.command, service, Mark("idle", word))

    def _child(self, step: Step, at: StepState | None) -> Child | None:
        if not step.child:
            return None
        if at is None or self._find_child is None:
            return Child(step.child, None, Mark("idle", ""))
        return self._find_child(step, at.round)


def leaves(nodes: tuple[Node, ...]) -> Iterator[Leaf]:
    """Every step and wait of a tree, in the order written."""
    for node in nodes:
        if isinstance(node, Parallel):
            for branch in node.branches:
                yield from leaves(branch)
        else:
            yield node


def _of_wait(wait: Wait) -> str:
    """For what a wait waits, and what its time comes to."""
    time = duration(wait.timeout_ms)
    then = "goes on" if wait.expires == "done" else "is refused"
    if not wait.signal:
        return f"for {time}, then {then}"
    whom = " from a person" if wait.person else ""
    return f"for the signal {wait.signal}{whom}; after {time} it {then}"
