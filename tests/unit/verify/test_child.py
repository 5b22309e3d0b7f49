"""The model of a child does what a saga does that another one began, on the real engine."""

from collections import deque
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from orchestrator.definition.nodes import Definition
from orchestrator.engine.facts import Completed, Fact, Failed, Signalled, SignalRefused
from orchestrator.engine.signals import CANCEL, CANCELLED
from orchestrator.verify.adversities import adversities
from orchestrator.verify.canonical import Canonical, Key
from orchestrator.verify.child import Child
from orchestrator.verify.explore import play
from orchestrator.verify.moves import outcomes
from orchestrator.verify.subject import Subject
from orchestrator.verify.world import World
from sagas.shipping import shipping
from tests.unit.verify.lifecycles import CHILD
from tests.world import changed, definition, step, timed, wait

UNDOABLE = replace(timed(changed(definition(step("a"), step("b")), "b"), 1_000), result={})
"""All of it can be undone."""
ASKS = replace(definition(step("a"), wait("w"), step("p", "pivot")), result={})
"""It waits for a signal of its own."""
DEPTH = 2


def allowed(child: Child, fact: Fact) -> Child:
    """The child of the model once it has said this to its parent; fails where it may not."""
    if isinstance(fact, Signalled | SignalRefused):
        applied = isinstance(fact, Signalled)
        assert not applied or child.may_apply, (child, fact)
        assert child.verdict(fact.id) is None, "it decides every signal once"
        return child.decided(fact.id, fact.signal, applied)
    if isinstance(fact, Completed):
        assert child.may_end("succeeded"), (child, fact)
    if isinstance(fact, Failed):
        assert child.may_end("refused", fact.code), (child, fact)
    return child


def said(subject: Subject) -> Iterator[tuple[Child, Fact]]:
    """Everything that this saga says to its parent, with what it had said before."""
    canonical, seen = Canonical(subject.plan), dict[tuple[Key, str], int]()
    queue = deque([(World(subject), Child(1), 0)])
    while queue:
        world, child, cost = queue.popleft()
        moves = [*outcomes(world), *(adversities(world) if cost < DEPTH else ())]
        for move in moves:
            twin, now = world.copy(), child
            play(twin, move)
            for fact in (fact for transition in twin.log for fact in transition.facts):
                yield now, fact
                now = allowed(now, fact)
            key = (canonical.key(twin, twin, ()), now.course)
            paid = cost + move.cost
            if seen.get(key, DEPTH + 1) > paid:
                seen[key] = paid
                queue.append((twin, now, paid))


def test_what_it_refused_while_it_was_parked_it_may_agree_to_later() -> None:
    world, child = World(Subject(CHILD)), Child(1)
    for text in ("start", "parks:prepare", "cancel", "resume", "cancel", "succeeds:prepare"):
        move = next(m for m in (*outcomes(world), *adversities(world)) if str(m) == text)
        play(world, move)
    for fact in (fact for transition in world.log for fact in transition.facts):
        child = allowed(child, fact)
    assert (child.course, [one.applied for one in child.said]) == ("stopping", [False, True])


@pytest.mark.parametrize("made", [CHILD, UNDOABLE, ASKS, shipping.definition])
def test_whatever_it_says_the_model_may_say(made: Definition) -> None:
    facts = [fact for _, fact in said(Subject(made))]
    codes = {fact.code for fact in facts if isinstance(fact, Failed)}
    assert any(isinstance(fact, Completed) for fact in facts)
    assert {CANCELLED, "no_answer"} <= codes


def test_whatever_the_model_may_say_a_saga_says() -> None:
    """None of its freedom is there in vain: it would only hide what cannot happen."""
    heard = [(child.course, fact) for child, fact in said(Subject(CHILD))]
    assert any(c == "runs" and isinstance(f, Signalled) and f.signal == CANCEL for c, f in heard)
    assert any(c == "runs" and isinstance(f, SignalRefused) for c, f in heard)
    assert any(c == "runs" and isinstance(f, Completed) for c, f in heard)
    assert any(c == "stopping" and isinstance(f, SignalRefused) for c, f in heard)
    assert any(c == "stopping" and isinstance(f, Failed) for c, f in heard)


def test_the_child_of_another_round_is_another_one() -> None:
    stopping = Child(1).decided("s-1", CANCEL, True)
    assert stopping.of(1) is stopping
    assert stopping.of(2) == Child(2)
    assert (stopping.may_end("succeeded"), stopping.may_end("refused", CANCELLED)) == (False, True)
