"""Outcomes as they were measured: from the transitions of sagas in the log."""

from collections.abc import Iterable, Sequence
from typing import Final

from contracts.topics import REQUESTS
from orchestrator.engine.facts import Fact, Sent, Signalled, Started, Transition
from orchestrator.simulate.durations import Constant, Duration, Empirical
from orchestrator.simulate.history import Came, History
from orchestrator.simulate.outcomes import Given, Outcome, Outcomes, Part

MOST: Final = 1_000
"""So many measured durations of one outcome are kept: of more, as many evenly spaced quantiles."""


class Measured:
    """What was measured so far; ``sagas`` counts the sagas, ``attempts`` the attempts and waits."""

    def __init__(self) -> None:
        self.sagas = 0
        self.attempts = 0
        self._came: dict[Part, dict[Came, list[int]]] = {}
        self._hops: list[int] = []
        self._asked: dict[tuple[int, str, int], int] = {}

    def take(self, definition: str, transitions: Sequence[Transition]) -> None:
        """Take the history of one saga in, parents before their children."""
        self.sagas += 1
        one = History(definition)
        for transition in transitions:
            signalled = any(isinstance(fact, Signalled) for fact in transition.facts)
            for fact in transition.facts:
                self._family(fact, transition)
                one.take(fact, transition, signalled)
        for part, came, ms in one.measured():
            self.attempts += 1
            self._came.setdefault(part, {}).setdefault(came, []).append(ms)

    def given(self) -> Given:
        """All of it, as the outcomes of a simulation: the counts are the weights."""
        parts = {
            part: Outcomes(tuple(_outcome(*one) for one in sorted(came.items())))
            for part, came in self._came.items()
        }
        hop: Duration = empirical(self._hops) if self._hops else Constant(0)
        return Given(parts, None, hop)

    def _family(self, fact: Fact, transition: Transition) -> None:
        """How long the start of a child was under way."""
        if isinstance(fact, Sent) and fact.topic == REQUESTS and fact.attempt == 1:
            self._asked[transition.saga, fact.step, fact.round] = transition.at
        elif isinstance(fact, Started) and fact.parent:
            parent = fact.parent
            asked = self._asked.get((parent.saga, parent.step, parent.round))
            if asked is not None:
                self._hops.append(max(transition.at - asked, 0))


def _outcome(came: Came, ms: list[int]) -> Outcome:
    kind, code = came
    duration = None if kind == "hangs" else empirical(ms)
    return Outcome(kind, len(ms), duration, code)


def empirical(ms: Iterable[int]) -> Duration:
    """What was measured, as a distribution."""
    ordered = sorted(ms)
    count = len(ordered)
    if count > MOST:
        ordered = [ordered[(2 * n + 1) * count // (2 * MOST)] for n in range(MOST)]
    return Empirical(tuple(map(float, ordered)))
