"""What two versions of a definition would do in one situation, and in all that may follow from it.

The engine decides every input twice, once by each plan. Where both say the same, the next inputs
are tried in the situation that they lead to; where they do not, that is the first difference.
"""

from collections import deque
from typing import Final, NamedTuple

from orchestrator.deploy import situation
from orchestrator.deploy.differing import first_difference
from orchestrator.deploy.events import Event, events
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Transition
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State

TROUBLES: Final = 1
"""How many things go wrong on one path: a refusal, a step that is not answered, a cancel."""
ATTEMPTS: Final = 12
"""How often one step fails in a row at most: of policies without end, the first few."""
SITUATIONS: Final = 3_000
"""How many are looked at after each one, at most."""


class Outlook(NamedTuple):
    """What was found. Empty texts: nothing.

    ``difference`` is the first thing that the new version would do otherwise, ``failure`` the
    first decision that it could not make; ``exhausted``: all that may follow was looked at.
    """

    difference: str = ""
    failure: str = ""
    exhausted: bool = True


class _Node(NamedTuple):
    state: State
    path: tuple[str, ...] = ()
    troubles: int = 0
    sick: str = ""
    failures: int = 0


class _Raised(NamedTuple):
    why: str


def outlook(old: Plan, new: Plan, state: State, troubles: int = TROUBLES) -> Outlook:
    """Compare the two in this situation and in what may follow."""
    search = _Search(old, new, state, troubles)
    while search.queue and len(search.seen) < SITUATIONS and not search.over:
        search.look(search.queue.popleft())
    exhausted = not search.queue or bool(search.difference)
    return Outlook(search.difference, search.failure, exhausted)


class _Search:
    """Breadth first, so that what is found first is the shortest way to it."""

    def __init__(self, old: Plan, new: Plan, state: State, troubles: int) -> None:
        self._plans = (old, new)
        self._allowed = troubles + (1 if state.status == "needs_operator" else 0)
        start = _Node(situation.timeless(state))
        self.queue = deque([start])
        self.seen: set[tuple[situation.Key, int, str]] = {_place(start)}
        self.difference = self.failure = ""

    @property
    def over(self) -> bool:
        """Whether there is nothing more to find."""
        return bool(self.difference and self.failure)

    def look(self, node: _Node) -> None:
        """Try every event here."""
        for event in events(*self._plans, node.state):
            follows = _follows(node, event, self._allowed)
            if follows is not None:
                self._try(event, follows)

    def _try(self, event: Event, follows: _Node) -> None:
        was, will = (_decided(plan, event) for plan in self._plans)
        if isinstance(will, _Raised):
            if not isinstance(was, _Raised):
                self.failure = self.failure or _said(follows.path, will.why)
            return
        told = _unlike(was, will[1])
        if told:
            self.difference = self.difference or _said(follows.path, told)
        elif will[1].facts:
            after = follows._replace(state=situation.timeless(will[0]))
            if _place(after) not in self.seen:
                self.seen.add(_place(after))
                self.queue.append(after)


def _place(node: _Node) -> tuple[situation.Key, int, str]:
    return situation.key(node.state), node.troubles, node.sick


def _follows(node: _Node, event: Event, allowed: int) -> _Node | None:
    """The path with this event at its end; None where more would go wrong than is looked at."""
    path = (*node.path, event.words)
    if not event.step:
        return node._replace(path=path)
    if event.step == node.sick:  # the same trouble goes on
        if node.failures >= ATTEMPTS:
            return None
        return node._replace(path=path, failures=node.failures + 1)
    if node.troubles >= allowed:
        return None
    return _Node(node.state, path, node.troubles + 1, event.step, 1)


def _decided(plan: Plan, event: Event) -> tuple[State, Transition] | _Raised:
    try:
        return decide(plan, event.before, event.given)
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it raises
        return _Raised(f"{type(error).__name__}: {error}")


def _unlike(was: tuple[State, Transition] | _Raised, will: Transition) -> str:
    if isinstance(was, _Raised):
        return f"it goes on, where no decision could be made ({was.why})"
    return first_difference(was[1].facts, will.facts)


def _said(path: tuple[str, ...], what: str) -> str:
    """When, and what: the last events of a long path say enough."""
    if len(path) == 1:
        return f"when {path[0]}: {what}"
    return f"when {path[-1]} (after {', '.join(_short(path[:-1]))}): {what}"


def _short(path: tuple[str, ...]) -> list[str]:
    told = list(dict.fromkeys(path))
    return told if len(told) <= 4 else [*told[:1], "...", *told[-2:]]
