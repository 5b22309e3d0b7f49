"""Waits and child sagas, as metrics: which began, and what became of them.

Only a plan says what is a wait and what a child, so it is asked, once a version; a saga that has
neither costs one look.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from infra.telemetry.metrics import Metrics
from orchestrator.engine.facts import (
    Failing,
    Halted,
    Refused,
    Sent,
    Signalled,
    Succeeded,
    Transition,
    Waited,
)
from orchestrator.engine.plan import Plan, PlannedWait
from orchestrator.engine.state import State

PlanOf = Callable[[str], Plan | None]
_MOST: Final = 100_000
"""Waits remembered, for how long they took; when it is full it begins anew."""


_OUTCOMES: Final[dict[tuple[type, bool], str]] = {
    (Succeeded, True): "accepted",
    (Refused, True): "rejected",
    (Succeeded, False): "elapsed",
    (Refused, False): "expired",
}
"""By what became of a wait, and whether a signal has said so."""


class _Kinds(NamedTuple):
    """The waits of a version with their signals, and its steps that another saga does."""

    waits: dict[str, str]
    children: frozenset[str]


class Pausing:
    """Counts the waits and children of the transitions it is told of."""

    def __init__(self, metrics: Metrics, plan_of: PlanOf) -> None:
        self.plan_of = plan_of
        self._metrics = metrics
        self._kinds: dict[str, _Kinds] = {}
        self._began: dict[tuple[int, str], int] = {}

    def transition(self, after: State, told: Transition) -> None:
        """One transition, and the state after it."""
        kinds = self._kinds.get(after.version) or self._learn(after.version)
        if kinds.waits:
            for step, outcome in self._waits(kinds.waits, after, told):
                self._metrics.waits.add(after.definition, step, outcome)
        if kinds.children:
            for step, outcome in _children(kinds.children, told):
                self._metrics.children.add(after.definition, step, outcome)

    def _learn(self, version: str) -> _Kinds:
        plan = self.plan_of(version)
        if plan is None:
            return _Kinds({}, frozenset())
        planned = plan.steps.values()
        waits = {one.name: one.step.signal for one in planned if isinstance(one, PlannedWait)}
        children = frozenset(one.name for one in planned if one.child)
        return self._kinds.setdefault(version, _Kinds(waits, children))

    def _waits(
        self, waits: dict[str, str], after: State, told: Transition
    ) -> Iterator[tuple[str, str]]:
        heard: set[str] = set()
        for fact in told.facts:
            match fact:
                case Waited():
                    if len(self._began) >= _MOST:
                        self._began.clear()
                    self._began[after.saga, fact.step] = told.at
                    yield fact.step, "begun"
                case Signalled():
                    heard.add(fact.signal)
                case Succeeded() | Refused() if fact.step in waits:
                    self._over(after, fact.step, told.at)
                    yield fact.step, _OUTCOMES[type(fact), waits[fact.step] in heard]
                case Failing():
                    for name in waits:
                        step = after.steps.get(name)
                        if step and step.phase == "dropped" and step.since == told.at:
                            self._over(after, name, told.at)
                            yield name, "dropped"
                case _:
                    pass

    def _over(self, after: State, step: str, at: int) -> None:
        began = self._began.pop((after.saga, step), None)
        if began is not None:
            self._metrics.wait_seconds.observe((at - began) / 1_000, after.definition, step)


def _children(children: frozenset[str], told: Transition) -> Iterator[tuple[str, str]]:
    turned = False
    for fact in told.facts:
        match fact:
            case Sent() if fact.step in children and (fact.direction, fact.attempt) == ("do", 1):
                yield fact.step, "begun"
            case Succeeded() if fact.step in children and fact.direction == "do":
                yield fact.step, "succeeded"
            case Refused() if fact.step in children and fact.direction == "do":
                yield fact.step, "refused"
            case Failing():
                turned = True
            case Halted() if turned:  # one that is asked again is told again
                yield fact.step, "halted"
            case _:
                pass
