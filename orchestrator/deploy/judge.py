"""What one open saga would make of a new version, and of what waits for it."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from orchestrator.deploy.contracts import Contracts
from orchestrator.deploy.differing import first_difference
from orchestrator.deploy.outlook import Outlook, outlook
from orchestrator.deploy.report import Verdict, When
from orchestrator.deploy.situation import NOW, Key, key, timeless
from orchestrator.engine.decide import decide
from orchestrator.engine.hindrances import hindrances
from orchestrator.engine.inputs import Input
from orchestrator.engine.moving import arrived
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State


class Finding(NamedTuple):
    """One reason for which a saga would not go on as before."""

    verdict: Verdict
    when: When
    text: str


class Judge:
    """Judges sagas one by one; situations that come again are looked at once.

    ``plan`` gives the plan of a version that stands in the log, ``targets`` are the new plans by
    name of the definition.
    """

    def __init__(
        self, plan: Callable[[str], Plan], targets: dict[str, Plan], contracts: Contracts
    ) -> None:
        self._plan = plan
        self._targets = targets
        self._contracts = contracts
        self._known: dict[tuple[str, str, Key], Outlook] = {}
        self.cut = 0

    def saga(self, state: State, waiting: Sequence[Input] = ()) -> list[Finding]:
        """What is found about a saga, with the inputs that wait for it; empty: it goes on as it
        would have.
        """
        old, new = self._plan(state.version), self._targets.get(state.definition)
        unmoved = self._contracts.hindrances(old, state)
        found = [Finding("stuck", "unmoved", text) for text in unmoved]
        unread = self._contracts.unread_events(old, state)
        found += [Finding("different", "unmoved", text) for text in unread]
        if new is not None and new.version != old.version:
            found += self._moved(old, new, state)
            known = set(unmoved)
            more = [t for t in self._contracts.hindrances(new, state) if t not in known]
            found += [Finding("stuck", "moved", text) for text in more]
            found += _played(old, new, state, waiting)
        return list(dict.fromkeys(found))

    def _moved(self, old: Plan, new: Plan, state: State) -> Iterable[Finding]:
        why = hindrances(old, new, state)
        if why:
            return [Finding("stuck", "moved", text) for text in why]
        at_once = _at_once(new, state)
        if at_once is not None:
            return [at_once]
        seen = self._outlook(old, new, state)
        self.cut += not seen.exhausted
        found = [Finding("stuck", "moved", seen.failure)] if seen.failure else []
        if seen.difference:
            found.append(Finding("different", "moved", seen.difference))
        return found

    def _outlook(self, old: Plan, new: Plan, state: State) -> Outlook:
        place = (old.version, new.version, key(state))
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = outlook(old, new, state)
        return found


def _at_once(new: Plan, state: State) -> Finding | None:
    try:
        facts = arrived(new, timeless(state), NOW).facts
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it raises
        return Finding("stuck", "moved", f"as soon as it is moved: {type(error).__name__}: {error}")
    if not facts:
        return None
    return Finding("different", "moved", f"as soon as it is moved, {first_difference((), facts)}")


def _played(old: Plan, new: Plan, state: State, waiting: Sequence[Input]) -> Iterable[Finding]:
    """What waits for the saga, decided by both in its order."""
    before = timeless(state)
    for given in waiting:
        what = f"for the {type(given).__name__.lower()} that waits"
        try:
            was = decide(old, before, given)
        except Exception:  # pylint: disable=broad-exception-caught  # as it would be without us
            return
        try:
            will = decide(new, before, given)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it raises
            yield Finding("stuck", "waiting", f"{what}: {type(error).__name__}: {error}")
            return
        told = first_difference(was[1].facts, will[1].facts)
        if told:
            yield Finding("different", "waiting", f"{what}: {told}")
            return
        before = timeless(was[0])
