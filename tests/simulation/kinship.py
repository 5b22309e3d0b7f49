"""Sagas and those that they began, as the log tells of them.

- one child for each parent, step and round, and only one that was asked for (law 4);
- what a parent's log says of a child's end stands in the child's log already (law 2), and is the
  same;
- a saga ends as its children have: completed when they have, failed when they have failed or are
  undone (law 6);
- a child has no more time than its parent; a deadline is decided when it has passed, not before;
- what a signal has come to is the same in both.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from contracts.topics import REQUESTS
from orchestrator.engine.deadline import EXCEEDED
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Failing,
    Late,
    Refused,
    Sent,
    Started,
    Succeeded,
    Transition,
)
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.simulation.generated import REORDER

Place = tuple[int, str, int]
"""Parent, step and round."""
States = Mapping[int, State]


class Kinship:
    """``plans`` are those of all sagas by name."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self._plans = plans
        self._in_order = True
        self._asked: dict[Place, list[int]] = {}
        self._children: dict[Place, int] = {}
        self._results: dict[int, Completed] = {}

    def forget(self) -> None:
        """The log is written anew, each partition by itself: until that is done, what stands in one
        says nothing about the others.
        """
        self._in_order = False
        self._asked.clear()
        self._children.clear()
        self._results.clear()

    def look(
        self, before: State | None, after: State, transition: Transition, states: States
    ) -> Iterator[str]:
        """What is wrong with this transition."""
        found = list(self._look(before, after, transition, states))
        if self._in_order:
            yield from found

    def _look(
        self, before: State | None, after: State, transition: Transition, states: States
    ) -> Iterator[str]:
        for fact in transition.facts:
            match fact:
                case Sent() if fact.topic == REQUESTS:
                    place = (after.saga, fact.step, fact.round)
                    self._asked.setdefault(place, []).append(fact.until)
                case Started():
                    yield from self._begun(after)
                case Completed():
                    self._results[after.saga] = fact
                    yield from self._ended(after, states)
                case Failed():
                    yield from self._ended(after, states)
                case Succeeded() | Refused() if before is not None and fact.direction == "do":
                    yield from self._heard(before, fact, states)
                case Failing() | Late() if before is not None:
                    yield from self._timely(
                        _just_before(before, transition, fact), transition, fact
                    )
                case _:
                    pass

    @property
    def children(self) -> Mapping[Place, int]:
        """Parent, step and round -> the child that was begun there."""
        return self._children

    def agree(self, states: States) -> Iterator[str]:
        """What parents and children do not agree about now that all is quiet."""
        for state in states.values():
            if not state.open:
                yield from self._ended(state, states)
        for (saga, step, number), child in self._children.items():
            parent, kid = states[saga], states[child]
            what = f"saga {saga} ({parent.mode}), step {step}: its child {child} ({kid.mode})"
            at = parent.steps[step]
            if not kid.open and at.round == number and at.waits:
                yield f"{what} has ended, and it does not know"
            if parent.mode == "completed" and at.round == number:
                yield from self._signals(what, step, parent, kid)

    def _signals(self, what: str, step: str, parent: State, kid: State) -> Iterator[str]:
        for signal in parent.signals.keys() & kid.signals.keys():
            fates = parent.signals[signal], kid.signals[signal]
            if bool(fates[0]) != bool(fates[1]):
                yield f"{what}: what became of {signal} is {fates} (law 4)"
        change = self._plans[parent.definition].changes.get(REORDER)
        if change is not None and change.change.redo == step:
            orders = _input(parent)["order"], _input(kid)["order"]
            if orders[0] != orders[1]:
                yield f"{what}: their orders are {orders}"

    # ------------------------------------------------------------------------- each transition

    def _begun(self, after: State) -> Iterator[str]:
        parent = after.parent
        if parent is None:
            return
        place = (parent.saga, parent.step, parent.round)
        asked = self._asked.get(place)
        if asked is None:
            yield f"child {after.saga} of {place}, which nobody asked for (law 2)"
        elif place in self._children:
            yield f"child {after.saga} of {place}: {self._children[place]} is another (law 4)"
        elif after.mode == "forward" and max(asked) and not 0 < after.deadline <= max(asked):
            # one that begins too late turns in the same transition, and has no deadline any more
            yield f"child {after.saga} has until {after.deadline}, its parent until {asked}"
        self._children[place] = after.saga

    def _heard(self, before: State, fact: Succeeded | Refused, states: States) -> Iterator[str]:
        """A step has come to something: if a child does it, to what the child has come to."""
        step = before.steps[fact.step]
        if not step.child:
            return
        child = self._children.get((before.saga, fact.step, step.round))
        what = f"saga {before.saga}: {fact}, and its child is {child}"
        if child is None:
            if isinstance(fact, Succeeded):
                yield f"{what} (law 2)"
            return
        kid = states.get(child)
        if kid is None:
            yield f"{what}, which is not there"
        elif isinstance(fact, Succeeded):
            result = self._results.get(child)
            if result is None or fact.data != result.result:
                yield f"{what}, {kid.mode}: {result} (law 2)"
        elif (kid.mode, kid.code) != ("failed", fact.code):
            yield f"{what}, {kid.mode}: {kid.code} (law 2)"

    def _ended(self, after: State, states: States) -> Iterator[str]:
        for (saga, name, number), child in self._children.items():
            if saga != after.saga:
                continue
            if child not in states:
                continue  # the log is being written anew
            kid, step = states[child], after.steps[name]
            what = f"saga {saga} is {after.mode}, and its child {child} at {name} is {kid.mode}"
            if kid.open:
                yield f"{what} (law 6)"
            elif after.mode == "completed":
                if kid.mode == "failed" and step.round == number and step.phase != "skipped":
                    yield f"{what}"
            elif kid.mode == "completed" and not self._undone(after, name):
                yield f"{what}, and not undone (law 6)"

    def _undone(self, after: State, name: str) -> bool:
        step = after.steps[name]
        if self._plans[after.definition].command(name).step.kind == "read":
            return True
        return step.direction == "undo" and step.phase in ("done", "skipped")

    def _timely(self, before: State, transition: Transition, fact: Failing | Late) -> Iterator[str]:
        if isinstance(fact, Failing) and (fact.step or fact.code != EXCEEDED):
            return
        what = f"saga {before.saga}: {fact} at {transition.at}"
        if before.person_since or before.delegated or not before.deadline:
            yield f"{what}, and its deadline does not count: {before}"
        elif transition.at < before.deadline:
            yield f"{what}, before its deadline {before.deadline}"
        elif isinstance(fact, Late) and fact.committed not in before.steps:
            yield f"{what}, which was not commanded"


def _just_before(state: State, transition: Transition, fact: Fact) -> State:
    """The state that a fact meets: those before it in its transition have been told."""
    told = transition.facts[: transition.facts.index(fact)]
    return evolve(state, replace(transition, facts=told)) if told else state


def _input(state: State) -> dict[str, object]:
    return {**state.data["input"], **state.changed}
