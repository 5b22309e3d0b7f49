"""A definition as the graph that the real engine draws of it: each decision is made once, by
`orchestrator.engine.decide`, and remembered.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from orchestrator.definition.nodes import Definition
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Failing, Ignored, Transition
from orchestrator.engine.inputs import Input, Parent, Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.simulate.alike import essence, twin_of
from orchestrator.simulate.answers import Answers, Anything
from orchestrator.simulate.effects import Effects
from orchestrator.simulate.errors import NotTimeless
from orchestrator.simulate.labels import Labels
from orchestrator.simulate.outcomes import Outcomes, Part
from orchestrator.simulate.situation import Edge, Send, Situation
from orchestrator.simulate.stretches import begun, ended
from orchestrator.simulate.timeless import (
    Clocked,
    Times,
    another_clock,
    at_times,
    moves_of,
    times_of,
)

SAGA: Final = 1 << 10
PARENT: Final = Parent(2 << 10, "parent", 1)


class Automaton:
    """One definition, ready to be simulated; slot 0 is its deadline, ``names`` are the others."""

    def __init__(
        self, definition: Definition, outcomes: Mapping[Part, Outcomes], labels: Labels
    ) -> None:
        self.plan = Plan(definition)
        self.name = definition.name
        self.names = tuple(self.plan.steps)
        self.slots = {name: slot for slot, name in enumerate(self.names, 1)}
        self.answers = Answers(self.plan)
        self.labels = labels
        self._effects = Effects(self.name, self.slots, self.answers, outcomes, labels)
        self._situations: dict[tuple[str, bytes], Situation] = {}
        self._starts: dict[tuple[bool, bool, bool, bool], Edge] = {}

    def start(self, at: int, until: int | None) -> tuple[Edge, int]:
        """Begin at this time: the first edge, and the deadline (0: none). ``until`` is that of the
        parent (0: it gives none), None where there is no parent.
        """
        time = self.plan.definition.time_ms
        ends = [end for end in (at + time if time else 0, until) if end]
        deadline = min(ends, default=0)
        kind = (until is None, bool(until), deadline == until, 0 < deadline < at)
        if kind not in self._starts:
            self._starts[kind] = self._started(at, until, deadline)
        return self._starts[kind], deadline

    def _started(self, at: int, until: int | None, deadline: int) -> Edge:
        parent = None if until is None else PARENT
        given, version = Anything(), self.plan.version
        told = Start("start", at, SAGA, version, 1, "key", given, "", parent, until or 0)
        after, transition = decide(self.plan, None, told)
        times = times_of(after, self.names)
        if times.deadline != (0 if 0 < deadline < at else deadline):
            raise NotTimeless(f"{self.name}: its deadline is {times.deadline}, not {deadline}")
        nothing = Times(deadline, 0, (0,) * len(self.names))
        edge = Edge(self._situation(after, ""))
        edge.clock, edge.timers = moves_of((nothing, times, at), (nothing, times, at))
        self._effects.of(edge, transition)
        edge.opens = tuple((slot, 0) for slot, _ in edge.timers)
        return edge

    def explore(self, here: Situation, times: Times, at: int, key: int) -> Edge:
        """What this input does here, at these times."""
        after, transition, clocked = self._decided(here.state, times, at, key)
        twin = self._decided(here.twin, *another_clock(times, at), key)
        if essence(twin[0]) != essence(after) or len(twin[1].facts) != len(transition.facts):
            raise NotTimeless(f"{self.name}: a decision hangs on more than its situation")
        causes = [fact.step for fact in transition.facts if isinstance(fact, Failing)]
        edge = Edge(self._situation(after, causes[0] if causes else here.turned))
        edge.clock, edge.timers = moves_of(clocked, twin[2])
        edge.moves = any(not isinstance(fact, Ignored) for fact in transition.facts)
        self._effects.of(edge, transition)
        self._stretch(edge, here.state, after, key)
        return edge

    @property
    def sends(self) -> Iterable[Send]:
        """All that has been asked of anybody, with how often."""
        return self._effects.sends.values()

    @property
    def size(self) -> tuple[int, int]:
        """How many situations have been seen, and how many decisions are remembered."""
        found = self._situations.values()
        return len(found), sum(len(one.edges) + len(one.overdue) for one in found)

    def _decided(
        self, state: State, times: Times, at: int, key: int
    ) -> tuple[State, Transition, Clocked]:
        state = at_times(state, self.names, times)
        given: Input = self.answers.input(key, at)
        after, transition = decide(self.plan, state, given)
        return after, transition, (times, times_of(after, self.names), at)

    def _situation(self, state: State, turned: str) -> Situation:
        alike = (turned, essence(state))
        found = self._situations.get(alike)
        if found is None:
            ticking = not (state.person_since or state.delegated)
            found = Situation(state, twin_of(state), ticking, turned)
            self._situations[alike] = found
        return found

    def _stretch(self, edge: Edge, before: State, after: State, key: int) -> None:
        """Which stretches of time end and begin."""
        closes = [
            (self.slots[name], self.labels.number(self._part(before, name), doing))
            for name, doing in ended(before, after, self.answers.about(key))
        ]
        opens = [self.slots[name] for name in begun(before, after)]
        if not closes:  # nothing was going on: all the time since its start led to this
            closes = [(0, self.labels.number(Part(self.name, "", "do"), "waiting"))]
        own, reason = {slot for slot, _ in closes}, closes[0][0]
        edge.closes = tuple(closes)
        edge.opens = tuple((slot, slot if slot in own else reason) for slot in opens)

    def _part(self, state: State, name: str) -> Part:
        return Part(self.name, name, state.steps[name].direction)
