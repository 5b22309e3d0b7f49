"""The check can fail where people tell a saga something: defects planted in how it takes that."""

# pylint: disable=protected-access  # defects are planted where they would be made

from collections.abc import Callable

import pytest

from orchestrator.definition.nodes import Definition
from orchestrator.engine import backward, evolve, signals
from orchestrator.engine.facts import SignalRefused
from orchestrator.engine.work import Work
from orchestrator.verify.laws import ONCE, SETTLES, SIGNALS, WAKES
from tests.unit.verify.finding import Patch, is_found_and_told
from tests.unit.verify.test_planted import FORWARD, PIVOT


def cancelled_too_late(patch: Patch) -> None:
    """A cancel is applied though the pivot has been commanded."""
    patch.setattr(Work, "committed", "")


def cancel_refused_in_time(patch: Patch) -> None:
    """A cancel is refused as soon as anything has been commanded."""
    patch.setattr(Work, "committed", property(lambda work: next(iter(work.state.steps), "")))


def cancelled_without_settling(patch: Patch) -> None:
    """A cancel undoes at once what is done, though a branch is still in flight."""

    def settle(work: Work) -> None:
        work.tell(backward.Compensating(tuple(backward.owed(work.plan, work.state))))
        backward.undo(work)

    patch.setattr(signals, "settle", settle)


def cancel_forgotten(patch: Patch) -> None:
    """A cancel is taken and nobody goes on from there."""
    patch.setattr(signals, "settle", lambda work: None)


def signal_taken_twice(patch: Patch) -> None:
    """A signal that was refused is not remembered: it counts anew each time."""
    patch.setitem(
        evolve._APPLY,
        SignalRefused,
        lambda work, fact, at: None,
    )


PLANTED = [
    (cancelled_too_late, PIVOT, SIGNALS, "there is no way back from p"),
    (cancel_refused_in_time, FORWARD, SIGNALS, "cancel is refused in time"),
    (cancelled_without_settling, FORWARD, SETTLES, "undo begins while"),
    (signal_taken_twice, FORWARD, ONCE, "was refused, and counts once more"),
    (cancel_forgotten, FORWARD, WAKES, "nothing is due"),
]


@pytest.mark.parametrize(("plant", "subject", "law", "said"), PLANTED)
def test_a_planted_defect_is_found_and_told(
    plant: Callable[[Patch], None],
    subject: Definition,
    law: str,
    said: str,
    monkeypatch: Patch,
) -> None:
    is_found_and_told(plant, subject, law, said, monkeypatch)
