"""The check can fail: defects planted in the engine, what catches each, and what it prints."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from orchestrator.definition.nodes import Definition
from orchestrator.engine import backward, decide, evolve, forward, repair
from orchestrator.engine.evolve import apply
from orchestrator.engine.facts import Faulted, Refused, Sent, Stuck, Succeeded
from orchestrator.engine.work import Work
from orchestrator.verify import timeline
from orchestrator.verify.explore import Bound, explore
from orchestrator.verify.laws import (
    ENDS,
    LATE,
    LOGGED,
    ONCE,
    OWED,
    SETTLES,
    TABLE,
    TOLD,
    WAKES,
    WHOLE,
)
from orchestrator.verify.participant import Participant
from tests.unit.verify.finding import is_found_and_told
from tests.world import definition, parallel, step

Patch = pytest.MonkeyPatch

FORWARD = definition(step("a"), parallel(step("b"), step("c")))
"""Everything can be undone."""
PIVOT = definition(step("a"), step("p", "pivot"), step("r", "retriable"))
"""There is a point of no return."""


def undo_before_settle(patch: Patch) -> None:
    """Undo begins as soon as one branch fails."""

    def settle(work: Work) -> None:
        if work.state.mode == "settling":
            work.tell(backward.Compensating(tuple(backward.owed(work.plan, work.state))))
        backward.undo(work)

    patch.setattr(forward, "settle", settle)


def timer_lost(patch: Patch) -> None:
    """A command goes out, and nobody looks whether its answer comes."""
    sent = evolve._APPLY[Sent]  # pylint: disable=protected-access

    def forgetful(state: Any, fact: Sent, at: int) -> None:
        sent(state, msgspec.structs.replace(fact, deadline=0), at)

    patch.setitem(evolve._APPLY, Sent, forgetful)  # pylint: disable=protected-access


def wake_ignored(patch: Patch) -> None:
    """A wake-up comes and is slept through."""
    patch.setattr(decide, "_wake", lambda work: None)


def duplicate_counted(patch: Patch) -> None:
    """An answer counts however often it arrives."""
    patch.setattr(
        decide, "_inapplicable", lambda s, r: "late" if r.direction != s.direction else ""
    )


def round_not_compared(patch: Patch) -> None:
    """The answer of an older round counts for the one that is out."""
    right = decide._inapplicable  # pylint: disable=protected-access

    def wrong(its: Any, reply: Any) -> str:
        return right(its, msgspec.structs.replace(reply, round=its.round))

    patch.setattr(decide, "_inapplicable", wrong)


def late_answer_counted(patch: Patch) -> None:
    """A step that was given up counts as done when its answer comes after all."""
    right = decide._inapplicable  # pylint: disable=protected-access

    def wrong(its: Any, reply: Any) -> str:
        if its.phase == "unknown" and reply.outcome == "succeeded" and reply.direction == "do":
            return ""
        return right(its, reply)

    patch.setattr(decide, "_inapplicable", wrong)


def tombstone_forgotten(patch: Patch) -> None:
    """A command that comes after its undo is carried out."""
    right = Participant.judge

    def wrong(one: Participant, direction: Any, number: int, *, expired: bool = False) -> str:
        verdict = right(one, direction, number, expired=expired)
        return "act" if (verdict, direction, expired) == ("failed", "do", False) else verdict

    patch.setattr(Participant, "judge", wrong)


def unknown_is_failed(patch: Patch) -> None:
    """What was given up without an answer is not undone."""
    patch.setattr(backward, "_owes", owes("done"))


def refused_is_undone(patch: Patch) -> None:
    """What was definitely refused is undone too."""
    patch.setattr(backward, "_owes", owes("done", "unknown", "refused"))


def owes(*phases: str) -> Callable[[Any, str], bool]:
    def wrong(state: Any, name: str) -> bool:
        its = state.steps.get(name)
        if its is None:
            return False
        if its.direction == "undo":
            return its.phase not in ("done", "skipped")
        return its.phase in phases

    return wrong


def undo_given_up(patch: Patch) -> None:
    """The last attempt of an undo fails, and nobody is called."""
    quiet(patch, backward, Stuck)


def reverse_order_forgotten(patch: Patch) -> None:
    """All undos go out at once."""

    def undo(work: Work) -> None:
        pending = backward.owed(work.plan, work.state)
        for name in pending:
            if work.state.steps[name].direction == "do":
                work.send(work.plan.command(name), "undo", work.state.steps[name].round, 1)
        if not pending:
            backward._end(work)  # pylint: disable=protected-access

    patch.setattr(backward, "undo", undo)


def not_logged(patch: Patch) -> None:
    """The state changes by more than its facts."""
    tell = Work.tell

    def wrong(work: Work, fact: Any) -> None:
        tell(work, fact)
        if isinstance(fact, Refused):
            work.state.reason = "changed beside the log"

    patch.setattr(Work, "tell", wrong)


def half_folded(patch: Patch) -> None:
    """The fold forgets what a reply carried, the decision does not."""

    def wrong(work: Any, fact: Any, at: int) -> None:
        apply(work, fact, at)
        if isinstance(fact, Succeeded):
            work.data = {"input": work.data["input"]}

    patch.setattr(evolve, "apply", wrong)


def asked_twice(patch: Patch) -> None:
    """An operator's request that arrives twice is carried out twice."""

    def wrong(work: Work, request: Any) -> None:
        taken, work.state.repairs = work.state.repairs, ()
        right(work, request)
        work.state.repairs = taken + work.state.repairs

    right = repair.repair
    patch.setattr(decide, "repair", wrong)


def pivot_given_up(patch: Patch) -> None:
    """A pivot without an answer counts as failed."""
    source = forward.faulted

    def wrong(work: Work, planned: Any, its: Any, cause: str, error: str) -> None:
        source(work, planned, its, cause, error)
        last = work.facts[-1]
        if isinstance(last, Stuck) and not planned.must:
            work.tell(Faulted(planned.name, "do", its.attempt, "timeout", error))
            work.tell(forward.Failing(planned.name, "no_answer", error, 504))
            forward.settle(work)

    patch.setattr(forward, "faulted", wrong)


def wrong_status(patch: Patch) -> None:
    """A saga fails with another status than the one that was declared."""
    patch.setattr(forward, "NO_ANSWER", 500)


def never_given_up(patch: Patch) -> None:
    """The policy of a step never ends."""
    patch.setattr("orchestrator.definition.nodes.Retry.exhausted", lambda retry, attempt: False)


def answer_without_effect(patch: Patch) -> None:
    """The answer of an undo makes the engine ask once more."""

    def wrong(work: Work, planned: Any, reply: Any) -> None:
        work.send(planned, "undo", reply.round, reply.attempt + 1)

    patch.setattr(backward, "succeeded", wrong)


def start_not_told(patch: Patch) -> None:
    """A saga that is parked at its start and resumed never tells that it has begun."""
    patch.setattr(repair, "go_on_unparked", forward.advance)


def quiet(patch: Patch, module: Any, kind: type) -> None:
    """Facts of a kind are no longer told by a module."""
    tell = Work.tell

    def wrong(work: Work, fact: Any) -> None:
        if not (isinstance(fact, kind) and getattr(fact, "direction", "") == "undo"):
            tell(work, fact)

    assert hasattr(module, kind.__name__)
    patch.setattr(Work, "tell", wrong)


# Each with the definition that shows it, the law that it breaks, and what is said of it.
PLANTED = [
    (undo_before_settle, FORWARD, SETTLES, "undo begins while c is still in flight"),
    (timer_lost, FORWARD, WAKES, "a is sent, and due is 0"),
    (wake_ignored, FORWARD, WAKES, "a was due, and nothing came of it"),
    (duplicate_counted, FORWARD, ONCE, "an answer of a counts, though it is success"),
    (round_not_compared, PIVOT, ONCE, "the answer of another round changes the saga"),
    (late_answer_counted, FORWARD, TABLE, "the row says completed, and the saga is failed"),
    (tombstone_forgotten, FORWARD, LATE, "a is done in round 1, after it was undone"),
    (unknown_is_failed, FORWARD, OWED, "owed by the log: a"),
    (refused_is_undone, FORWARD, OWED, "shown as owed: a; owed by the log: nothing"),
    (undo_given_up, FORWARD, WAKES, "the saga is compensating, and nothing is due"),
    (reverse_order_forgotten, FORWARD, SETTLES, "a is undone before b"),
    (not_logged, FORWARD, LOGGED, "changed beside the log"),
    (half_folded, FORWARD, LOGGED, "decided was"),
    (asked_twice, PIVOT, ONCE, "the same request once more"),
    (pivot_given_up, PIVOT, WHOLE, "what p did is left"),
    (wrong_status, FORWARD, TABLE, "the saga turns back with 500 for a: it is unknown"),
    (start_not_told, FORWARD, TOLD, "not told: ['Begun']"),
    (never_given_up, FORWARD, TABLE, "this row is never reached"),
]


@pytest.mark.parametrize("subject", [FORWARD, PIVOT])
def test_nothing_is_found_where_nothing_is_planted(subject: Definition) -> None:
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


def test_a_saga_that_goes_round_for_ever(monkeypatch: Patch) -> None:
    """Found where nothing else is wrong: without adversities, which would show it otherwise."""
    answer_without_effect(monkeypatch)
    explored = explore(FORWARD, Bound(0))
    found = explored.violation
    assert found is not None
    assert found.law == ENDS
    told = timeline.again(FORWARD, timeline.written(found.path))
    assert told.violation is not None
    assert "though everybody answers" in told.violation.why
