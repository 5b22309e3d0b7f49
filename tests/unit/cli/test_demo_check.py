"""The demo's comparison is real: every way in which a saga can differ from its table is seen."""

import msgspec
import pytest

from orchestrator.cli.demo.check import intended, judge, uncovered
from orchestrator.cli.facts import SagaFacts, StepFacts, happened
from orchestrator.definition.scenario import Case, Scenario
from orchestrator.definition.table import compensation_table
from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Faulted,
    Refused,
    Sent,
    Stuck,
    Succeeded,
    Transition,
)
from sagas.order_fulfillment import order_fulfillment

TABLE = compensation_table(order_fulfillment.definition)
CASE = Case("poor", "order-fulfillment", {}, fails=("payment",))


def as_the_table_says() -> tuple[SagaFacts, list[tuple[str, str, str]]]:
    """A saga whose payment was refused, and what its services hold, exactly as in the table."""
    facts = SagaFacts(
        steps={
            "product": StepFacts("success"),
            "payment": StepFacts("refused", "insufficient_funds"),
            "inventory": StepFacts("success", undo="RestoreStock", undone=True),
            "shipping": StepFacts("success", undo="CancelShipment", undone=True),
        },
        ended="failed",
        status=409,
    )
    stored = [
        ("product", "do", "succeeded"),
        ("payment", "do", "refused"),
        ("inventory", "do", "succeeded"),
        ("inventory", "undo", "succeeded"),
        ("shipping", "do", "succeeded"),
        ("shipping", "undo", "succeeded"),
    ]
    return facts, stored


def test_a_saga_as_the_table_says_has_no_difference() -> None:
    facts, stored = as_the_table_says()
    verdict = judge(CASE, TABLE, facts, stored)
    assert verdict.differences == ()
    assert verdict.row == intended(CASE, TABLE)


@pytest.mark.parametrize(
    ("step", "wrong", "says"),
    [
        ("payment", StepFacts("success"), "payment: success"),
        ("payment", StepFacts("unknown"), "payment: unknown"),
        ("product", StepFacts("refused"), "product: refused"),
        (
            "inventory",
            StepFacts("success", undo="RestoreStock"),
            "RestoreStock of inventory was not",
        ),
        ("shipping", StepFacts("success", undo="Other", undone=True), "Other of shipping was done"),
        ("payment", StepFacts("refused", undo="RefundPayment", undone=True), "RefundPayment"),
    ],
)
def test_a_difference_in_the_log_is_seen(step: str, wrong: StepFacts, says: str) -> None:
    facts, stored = as_the_table_says()
    facts.steps[step] = wrong
    assert says in "; ".join(judge(CASE, TABLE, facts, stored).differences)


def test_a_step_that_was_never_asked_is_seen() -> None:
    facts, stored = as_the_table_says()
    del facts.steps["inventory"]
    assert "inventory: not asked" in "; ".join(judge(CASE, TABLE, facts, stored).differences)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ended": "completed"}, "completed"),
        ({"ended": ""}, "still running"),
        ({"ended": "needs_operator"}, "needs_operator"),
        ({"status": 404}, "status 404"),
    ],
)
def test_another_end_is_seen(changes: dict[str, object], says: str) -> None:
    facts, stored = as_the_table_says()
    changed = msgspec.structs.replace(facts, **changes)
    assert says in "; ".join(judge(CASE, TABLE, changed, stored).differences)


@pytest.mark.parametrize("lost", range(6))
def test_an_effect_that_a_database_lacks_is_seen(lost: int) -> None:
    facts, stored = as_the_table_says()
    step = stored.pop(lost)[0]
    (difference,) = judge(CASE, TABLE, facts, stored).differences
    assert f"the database of {step} lacks" in difference


@pytest.mark.parametrize(
    "extra", [("payment", "do", "succeeded"), ("payment", "undo", "succeeded")]
)
def test_an_effect_too_many_is_seen_though_the_log_is_right(extra: tuple[str, str, str]) -> None:
    facts, stored = as_the_table_says()
    (difference,) = judge(CASE, TABLE, facts, [*stored, extra]).differences
    assert "the database of payment holds" in difference


def test_a_case_that_no_row_shows_is_a_difference() -> None:
    facts, stored = as_the_table_says()
    impossible = Case("impossible", "order-fulfillment", {}, fails=("product", "payment"))
    verdict = judge(impossible, TABLE, facts, stored)
    assert verdict.row is None
    assert verdict.differences


def test_a_row_that_no_case_shows_is_named() -> None:
    shown = [
        Case(str(row.failing), "order-fulfillment", {}, fails=row.failing) for row in TABLE.rows
    ]
    scenario = Scenario(tuple(shown), every_row_of=("order-fulfillment",))
    assert uncovered(scenario, {"order-fulfillment": TABLE}) == []
    less = Scenario(
        tuple(case for case in shown if case.fails != ("payment",)),
        every_row_of=("order-fulfillment",),
    )
    (missing,) = uncovered(less, {"order-fulfillment": TABLE})
    assert "payment" in missing


def log(*facts: Fact) -> SagaFacts:
    """What the demo reads off a log with these facts."""
    return happened([Transition(1, n, 0, str(n), (fact,)) for n, fact in enumerate(facts, 1)])


def sent(step: str, direction: str = "do", command: str = "X") -> Sent:
    """A command that went out."""
    return Sent(step, direction, 1, 1, 0, command, "t", {})  # type: ignore[arg-type]


def test_the_facts_of_a_log() -> None:
    facts = log(
        sent("a"),
        sent("b"),
        Succeeded("a", "do", {}),
        Refused("b", "do", "no", "no such thing", 404),
        sent("a", "undo", "UndoA"),
        Succeeded("a", "undo", {}),
        Failed("no", "no such thing", 404, ("a",)),
    )
    assert facts.outcomes == {"a": "success", "b": "refused"}
    assert facts.undone == {("a", "UndoA")}
    assert (facts.ended, facts.code, facts.status) == ("failed", "no", 404)


def test_an_undo_that_nobody_answered_is_not_done() -> None:
    facts = log(sent("a"), Succeeded("a", "do", {}), sent("a", "undo", "UndoA"))
    assert facts.undone == frozenset()
    assert facts.ended == ""


def test_a_step_given_up_is_unknown_and_one_asked_again_is_not() -> None:
    again = Faulted("a", "do", 1, "timeout", "no answer", retry_at=7)
    given_up = Faulted("a", "do", 2, "timeout", "no answer")
    assert log(sent("a"), again).outcomes == {"a": "sent"}
    assert log(sent("a"), again, sent("a"), given_up).outcomes == {"a": "unknown"}


def test_other_ends() -> None:
    assert log(Completed()).ended == "completed"
    assert log(sent("a"), Stuck("a", "undo", "tired")).ended == "needs_operator"
