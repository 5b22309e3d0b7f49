"""Outcomes measured in the log: what the transitions of a saga say of its attempts."""

from orchestrator.definition.nodes import Definition, Parallel, Retry
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Transition
from orchestrator.engine.inputs import Input, Parent, Reply, Signal, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.simulate.answers import Anything
from orchestrator.simulate.durations import Constant, Empirical
from orchestrator.simulate.measure import MOST, Measured, empirical
from orchestrator.simulate.outcomes import Outcome, Part
from tests.unit.simulate.scenery import child, saga, step, wait

RETRY = Retry(4, 100, 100, 1.0)


def reply(at: int, name: str, attempt: int, outcome: str, direction: str = "do") -> Reply:
    """A participant's answer, under the identity that the protocol gives it."""
    data = {"y": 1} if outcome == "succeeded" else {"code": "no", "reason": "no"}
    identity = f"1/5/{name}/{direction}/1/{attempt}"
    return Reply(identity, at, name, direction, 1, attempt, outcome, data)  # type: ignore[arg-type]


def history(
    of: Definition, *given: Input, saga_id: int = 5, parent: Parent | None = None
) -> list[Transition]:
    """What is logged of a saga that starts at 1,000 and is told this."""
    plan = Plan(of)
    start = Start("s", 1_000, saga_id, plan.version, 1, "k", Anything(), "", parent)
    state: State | None = None
    found: list[Transition] = []
    for one in (start, *given):
        state, transition = decide(plan, state, one)
        if transition.facts:
            found.append(transition)
    return found


def measured(of: Definition, *given: Input) -> dict[Part, tuple[Outcome, ...]]:
    """What one history says."""
    found = Measured()
    found.take(of.name, history(of, *given))
    return {part: outcomes.all for part, outcomes in found.given().parts.items()}


ONE = saga("one", step("a", timeout_ms=300, retry=RETRY), step("b"))
A, B = Part("one", "a", "do"), Part("one", "b", "do")


def test_an_attempt_that_fails_one_that_hangs_and_one_that_works() -> None:
    found = measured(
        ONE,
        reply(1_040, "a", 1, "failed"),
        Wake("w", 1_140),
        Wake("w", 1_440),
        Wake("w", 1_540),
        reply(1_560, "a", 3, "succeeded"),
        reply(1_570, "b", 1, "refused"),
        reply(1_600, "a", 1, "succeeded", "undo"),
    )
    assert found == {
        A: (
            Outcome("hangs", 1),
            Outcome("raises", 1, Empirical((40.0,))),
            Outcome("works", 1, Empirical((20.0,))),
        ),
        B: (Outcome("refuses", 1, Empirical((10.0,)), "no"),),
        Part("one", "a", "undo"): (Outcome("works", 1, Empirical((30.0,))),),
    }


def test_an_answer_that_comes_after_its_timeout_took_that_long() -> None:
    found = measured(ONE, Wake("w", 1_300), Wake("w", 1_400), reply(1_450, "a", 1, "succeeded"))
    # the second attempt was overtaken: nobody knows what would have come of it
    assert found[A] == (Outcome("works", 1, Empirical((450.0,))),)


def test_waits_are_answered_or_not() -> None:
    of = saga("one", wait("review", 500))
    part = Part("one", "review", "do")
    yes = Signal("s1", 1_200, "review", "", "me", {"approved": True})
    no = Signal("s1", 1_300, "review", "", "me", {"approved": False})
    assert measured(of, yes)[part] == (Outcome("approves", 1, Empirical((200.0,))),)
    assert measured(of, no)[part] == (Outcome("rejects", 1, Empirical((300.0,))),)
    assert measured(of, Wake("w", 1_500))[part] == (Outcome("hangs", 1),)


def test_children_are_measured_as_sagas_of_their_own_and_the_way_to_them_too() -> None:
    below = saga("below", step("c"))
    above = saga("above", child("sub", below, "compensatable"), step("d"))
    found = Measured()
    found.take("above", history(above))
    later = history(below, parent=Parent(5, "sub", 1), saga_id=6)
    found.take("below", [Transition(t.saga, t.number, t.at + 7, t.input, t.facts) for t in later])
    assert found.given().hop == Empirical((7.0,))
    assert found.attempts == 0 and found.sagas == 2


def test_counts_are_weights() -> None:
    of = saga("one", Parallel(((step("a", timeout_ms=300),), (step("b"),))))
    found = Measured()
    for took in (10, 20, 30):
        found.take("one", history(of, reply(1_000 + took, "a", 1, "succeeded")))
    found.take("one", history(of, Wake("w", 1_300)))
    given = found.given()
    assert given.parts[A].all == (
        Outcome("hangs", 1),
        Outcome("works", 3, Empirical((10.0, 20.0, 30.0))),
    )
    assert given.hop == Constant(0)


def test_of_many_durations_evenly_spaced_quantiles_are_kept() -> None:
    law = empirical(range(10 * MOST))
    assert isinstance(law, Empirical) and len(law.ms) == MOST
    assert abs(law.at(0.5) - 5 * MOST) <= 10 and abs(law.at(0.99) - 9.9 * MOST) <= 10
