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
    start = _Node(situation.timeless(state))
    allowed = troubles + (1 if state.status == "needs_operator" else 0)
    queue, seen = deque([start]), {(situation.key(start.state), 0, "")}
    difference = failure = ""
    while queue and len(seen) < SITUATIONS:
        node = queue.popleft()
        for event in events(old, new, node.state):
            follows = _follows(node, event, allowed)
            if follows is None:
                continue
            was, will = _decided(old, event), _decided(new, event)
            if isinstance(will, _Raised):
                if not isinstance(was, _Raised):
                    failure = failure or _said(follows.path, will.why)
                continue
            told = _unlike(was, will[1])
            if told:
                difference = difference or _said(follows.path, told)
            elif will[1].facts:
                after = follows._replace(state=situation.timeless(will[0]))
                known = (situation.key(after.state), after.troubles, after.sick)
                if known not in seen:
                    seen.add(known)
                    queue.append(after)
        if difference and failure:
            break
    return Outlook(difference, failure, not queue or bool(difference))


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
