"""The check can fail at the deadline: defects planted in how it is kept."""

# pylint: disable=protected-access  # defects are planted where they would be made

from collections.abc import Callable

import pytest

from orchestrator.definition.nodes import Definition
from orchestrator.engine import deadline, decide, evolve
from orchestrator.engine.facts import Failing, Late, Parked, Stuck
from orchestrator.verify.explore import Bound, explore
from orchestrator.verify.laws import DEADLINE, LOGGED, TABLE, WAKES
from tests.unit.verify.finding import Patch, is_found_and_told
from tests.unit.verify.test_planted import FORWARD, PIVOT
from tests.world import timed

SOON = timed(FORWARD, 1_000)
LATER = timed(PIVOT, 1_000)


def undone_though_too_late(patch: Patch) -> None:
    """The deadline undoes what there is no way back from."""
    patch.setattr(deadline, "Late", lambda _: Failing("", deadline.EXCEEDED, "", 504))


def late_in_time(patch: Patch) -> None:
    """The deadline undoes nothing, though everything could still be undone."""
    patch.setattr(deadline, "Failing", lambda *_: Late("a"))


def slept_through(patch: Patch) -> None:
    """The deadline passes, and nobody looks."""
    patch.setattr(deadline, "look", lambda work: None)


def not_settled(patch: Patch) -> None:
    """The saga turns at its deadline, and stays there."""
    patch.setattr(deadline, "settle", lambda work: None)


def still_there(patch: Patch) -> None:
    """A saga that is undone still has a deadline."""
    right = evolve._APPLY[Failing]

    def wrong(work: object, fact: Failing, at: int) -> None:
        before = work.deadline  # type: ignore[attr-defined]
        right(work, fact, at)  # type: ignore[arg-type]
        work.deadline = before  # type: ignore[attr-defined]

    patch.setitem(evolve._APPLY, Failing, wrong)


def persons_time_counts(patch: Patch) -> None:
    """The clock goes on while a person is waited for."""
    patch.setattr(evolve, "_stand_still", lambda work, at: None)


def clock_never_goes_on(patch: Patch) -> None:
    """Once a person was waited for, the deadline never comes."""
    patch.setattr(evolve, "_go_on", lambda work, at: None)


def wrong_status(patch: Patch) -> None:
    """It fails with another status than the documented one."""
    patch.setattr(deadline, "EXCEEDED_STATUS", 500)


def parked_beside_the_log(patch: Patch) -> None:
    """The clock stops where the decision is made, and not where the log is read."""
    right = decide.park

    def wrong(*given: object) -> object:
        state, transition = right(*given)  # type: ignore[arg-type]
        state.person_since = 0
        return state, transition

    patch.setattr(decide, "park", wrong)


PLANTED = [
    (undone_though_too_late, LATER, DEADLINE, "there is no way back from p"),
    (late_in_time, SOON, DEADLINE, "late, and everything could still be undone"),
    (slept_through, SOON, DEADLINE, "nothing came of it"),
    (not_settled, SOON, WAKES, "nothing is due"),
    (still_there, SOON, DEADLINE, ", and its deadline "),
    (persons_time_counts, SOON, DEADLINE, "its clock stands still since 0"),
    (clock_never_goes_on, SOON, DEADLINE, "its clock stands still"),
    (wrong_status, SOON, TABLE, "the saga turns back with 500"),
    (parked_beside_the_log, SOON, LOGGED, "decided was"),
]


@pytest.mark.parametrize("subject", [SOON, LATER])
def test_nothing_is_found_where_nothing_is_planted(subject: Definition) -> None:
    assert {Parked, Stuck} <= set(evolve._APPLY)
    assert explore(subject, Bound(2)).holds


@pytest.mark.parametrize(("plant", "subject", "law", "said"), PLANTED)
def test_a_planted_defect_is_found_and_told(
    plant: Callable[[Patch], None],
    subject: Definition,
    law: str,
    said: str,
    monkeypatch: Patch,
) -> None:
    is_found_and_told(plant, subject, law, said, monkeypatch)
