"""A definition made ready for decisions: the tree of nodes as an order of steps.

``needs`` holds what must be done before a step begins, ``after`` everything that comes later on
its path and so is undone before it (DESIGN law 6). Both are derived from the tree alone;
parallel branches do not appear in each other's sets.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from msgspec import UNSET

from orchestrator.definition.nodes import (
    Call,
    Change,
    Definition,
    Emit,
    Node,
    Parallel,
    Step,
    Wait,
    version,
)

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
    kinds). ``child``: another saga does it, which is asked until it has ended; ``decides``: that
    child has a point of no return of its own, so while it runs a cancel and the deadline are its.
    """

    __slots__ = ("name", "step", "do", "undo", "needs", "after", "must", "child", "decides")

    def __init__(self, step: Step, needs: tuple[str, ...], committed: bool) -> None:
        self.name = step.name
        self.step = step
        self.do = PlannedCall(step.do)
        self.undo = PlannedCall(step.undo) if step.undo else None
        self.needs = needs
        self.after: frozenset[str] = frozenset()
        self.must = step.kind == "retriable" or (committed and step.kind == "read")
        self.child = step.child is not UNSET
        self.decides = self.child and step.kind == "pivot"


class PlannedWait:
    """A wait with its place in the order; it has no effect, so there is nothing to undo."""

    __slots__ = ("name", "step", "do", "undo", "needs", "after", "must", "child", "decides")

    def __init__(self, wait: Wait, needs: tuple[str, ...], committed: bool) -> None:
        self.name = wait.name
        self.step = wait
        self.do = self.undo = None
        self.needs = needs
        self.after: frozenset[str] = frozenset()
        self.must = committed
        self.child = self.decides = False


Planned = PlannedStep | PlannedWait


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


class PlannedChange:
    """A signal that changes the input, and the events that tell of it."""

    __slots__ = ("change", "told")

    def __init__(self, change: Change) -> None:
        self.change = change
        self.told = tuple(map(PlannedEvent, change.told))


class Plan:
    """What the engine needs to know of a definition, computed once per version.

    ``steps`` are all nodes but parallels, in the order written, ``waits`` those that a signal
    answers, by the signal's name, ``changes`` the signals that change the input. ``committing`` are
    the steps from which there is no way back once they have been commanded.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.version = version(definition)
        self.steps: dict[str, Planned] = {}
        self._walk(definition.body, (), committed=False)
        for name, step in self.steps.items():
            step.after = frozenset(self._later(name))
        self.committing = tuple(
            name for name, step in self.steps.items() if step.step.kind in ("pivot", "retriable")
        )
        self.deciding = tuple(name for name, step in self.steps.items() if step.decides)
        self.backwards = tuple(reversed(self.steps.values()))
        self.waits = {
            wait.step.signal: wait
            for wait in self.steps.values()
            if isinstance(wait, PlannedWait) and wait.step.signal
        }
        self.changes = {one.signal: PlannedChange(one) for one in definition.changes or ()}
        self.result = Filling(definition.result or {})
        self.started = tuple(map(PlannedEvent, definition.started))
        self.completed = tuple(map(PlannedEvent, definition.completed))
        self.failed = tuple(map(PlannedEvent, definition.failed))

    def command(self, name: str) -> PlannedStep:
        """The step of that name, which sends commands. Raises KeyError where it is none."""
        step = self.steps[name]
        if isinstance(step, PlannedStep):
            return step
        raise KeyError(name)

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
                case Wait():
                    self.steps[node.name] = PlannedWait(node, before, committed)
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
        told = [event for change in self.changes.values() for event in change.told]
        events = [
            (e.event, e.filling) for e in (*self.started, *self.completed, *self.failed, *told)
        ]
        result = [("the result", self.result)]
        return [reader for reader, filling in calls + events + result if name in filling.sections]
