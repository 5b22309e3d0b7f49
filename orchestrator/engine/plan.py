"""A definition made ready for decisions: the tree of nodes as an order of steps.

``needs`` holds what must be done before a step begins, ``after`` everything that comes later on
its path and so is undone before it (DESIGN law 6). Both are derived from the tree alone;
parallel branches do not appear in each other's sets.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from orchestrator.definition.nodes import Call, Definition, Emit, Node, Parallel, Step, version

Data = Mapping[str, Mapping[str, Any]]


class Filling:
    """How the fields of one message are filled from the saga's data."""

    __slots__ = ("sections", "_sources")

    def __init__(self, fields: Mapping[str, str]) -> None:
        split = {name: source.partition(".") for name, source in fields.items()}
        self._sources = [(name, section, key) for name, (section, _, key) in split.items()]
        self.sections = frozenset(section for _, section, _ in self._sources)

    def fill(self, data: Data) -> dict[str, Any]:
        """The message's fields; raises KeyError when a source is not there."""
        return {name: data[section][key] for name, section, key in self._sources}


class PlannedCall:
    """One command of a step, ready to be filled; ``reply`` names the fields that its reply must
    carry.
    """

    __slots__ = ("command", "topic", "filling", "reply")

    def __init__(self, call: Call) -> None:
        self.command = call.command
        self.topic = call.topic
        self.filling = Filling(call.fields)
        self.reply = call.reply

    def missing(self, data: Mapping[str, Any]) -> list[str]:
        """The fields that a reply should carry and does not."""
        return [field for field in self.reply if field not in data]


class PlannedStep:
    """A step with its place in the order.

    ``must`` says that it lies past the point of no return: it is never given up (DESIGN, step
    kinds).
    """

    __slots__ = ("name", "step", "do", "undo", "needs", "after", "must")

    def __init__(self, step: Step, needs: tuple[str, ...], committed: bool) -> None:
        self.name = step.name
        self.step = step
        self.do = PlannedCall(step.do)
        self.undo = PlannedCall(step.undo) if step.undo else None
        self.needs = needs
        self.after: frozenset[str] = frozenset()
        self.must = step.kind == "retriable" or (committed and step.kind == "read")


class PlannedEvent:
    """An event of the business, ready to be filled."""

    __slots__ = ("event", "topic", "filling", "_key")

    def __init__(self, emit: Emit) -> None:
        self.event = emit.event
        self.topic = emit.topic
        self.filling = Filling(emit.fields)
        section, _, key = emit.key.partition(".")
        self._key = (section, key)

    def key(self, data: Data) -> str:
        """The event's key on its topic."""
        section, key = self._key
        return str(data[section][key])


class Plan:
    """What the engine needs to know of a definition, computed once per version.

    ``committing`` are the steps from which there is no way back once they have been commanded.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.version = version(definition)
        self.steps: dict[str, PlannedStep] = {}
        self._walk(definition.body, (), committed=False)
        for name, step in self.steps.items():
            step.after = frozenset(self._later(name))
        self.committing = tuple(
            name for name, step in self.steps.items() if step.step.kind in ("pivot", "retriable")
        )
        self.backwards = tuple(reversed(self.steps.values()))
        self.started = tuple(map(PlannedEvent, definition.started))
        self.completed = tuple(map(PlannedEvent, definition.completed))
        self.failed = tuple(map(PlannedEvent, definition.failed))

    def _walk(
        self, nodes: Iterable[Node], before: tuple[str, ...], committed: bool
    ) -> tuple[tuple[str, ...], bool]:
        """Plan a sequence that begins when ``before`` is done; returns what its successor waits
        for.
        """
        for node in nodes:
            match node:
                case Step():
                    self.steps[node.name] = PlannedStep(node, before, committed)
                    committed = committed or node.kind in ("pivot", "retriable")
                    before = (node.name,)
                case Parallel():
                    ends = [self._walk(branch, before, committed) for branch in node.branches]
                    before = tuple(name for names, _ in ends for name in names)
                    committed = any(map(itemgetter(1), ends))
        return before, committed

    def _later(self, name: str) -> Iterable[str]:
        """Every step that begins only after this one is done."""
        for other in self.steps.values():
            if name in other.needs:
                yield other.name
                yield from self._later(other.name)

    def readers(self, name: str) -> list[str]:
        """The commands and events that are filled from the reply of this step."""
        calls = [
            (call.command, call.filling)
            for step in self.steps.values()
            for call in (step.do, step.undo)
            if call
        ]
        events = [(e.event, e.filling) for e in (*self.started, *self.completed, *self.failed)]
        return [reader for reader, filling in calls + events if name in filling.sections]
