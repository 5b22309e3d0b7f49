"""What holds after every step of the random machine (DESIGN laws 4 to 7 and 12)."""

from collections.abc import Iterator
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from orchestrator.definition.nodes import Definition, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.engine.backward import owed
from orchestrator.engine.facts import (
    Completed,
    Fact,
    Failed,
    Failing,
    Halted,
    Late,
    Refused,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Succeeded,
)
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.property.engine.drawn import definitions
from tests.world import World


class Laws(RuleBasedStateMachine):
    """A saga, and what is true of it whatever happens; what happens is for a subclass to say."""

    world: World

    @initialize(made=definitions())
    def start(self, made: Definition) -> None:
        self.world = World(Plan(made))
        self.world.start()

    @property
    def state(self) -> State:
        """Where the saga stands."""
        assert self.world.state is not None
        return self.world.state

    @property
    def waits(self) -> list[Wait]:
        """The waits of the definition."""
        steps = steps_of(self.world.plan.definition.body)
        return [leaf for leaf in steps if isinstance(leaf, Wait)]

    def facts(self) -> Iterator[Fact]:
        """All that has happened."""
        return (fact for transition in self.world.log for fact in transition.facts)

    @invariant()
    def a_deadline_is_kept_or_the_saga_is_late(self) -> None:
        world = self.world
        facts = [f for t in world.log for f in t.facts]
        assert world.state is not None
        assert world.state.late == any(isinstance(f, Late) for f in facts)
        if world.state.deadline:
            assert world.state.mode == "forward"
            if not world.state.person_since and not world.state.delegated:
                assert world.state.wake_at <= world.state.deadline

    @invariant()
    def never_without_a_wake_up(self) -> None:
        state = self.world.state
        assert state is not None
        assert not state.open or state.wake_at or state.status == "needs_operator"

    @invariant()
    def what_ended_is_whole(self) -> None:
        world = self.world
        assert world.state is not None
        if world.state.mode == "failed":
            undoable = {name for name, s in world.plan.steps.items() if s.undo}
            assert not world.left() & undoable
            pivots = {name for name, s in world.plan.steps.items() if s.step.kind == "pivot"}
            assert not world.left() & pivots
        if world.state.mode == "completed":
            assert world.left() == set(world.plan.steps) - {one.name for one in self.waits}
            assert not world.undone

    @invariant()
    def ends_once_and_says_so(self) -> None:
        ends = [f for t in self.world.log for f in t.facts if isinstance(f, Completed | Failed)]
        state = self.world.state
        assert state is not None
        assert len(ends) == (0 if state.open else 1)
        told = [name for name in self.world.events() if name not in ("Begun", "Reordered")]
        assert told == {"completed": ["Ended"], "failed": ["Broken"]}.get(state.mode, [])

    @invariant()
    def only_what_was_sent_is_undone_and_in_reverse(self) -> None:
        begun: set[str] = set()
        standing: set[str] = set()
        turned = False
        for fact in (f for t in self.world.log for f in t.facts):
            if isinstance(fact, Failing):
                turned = True
            elif isinstance(fact, Succeeded) and fact.direction == "do":
                standing.add(fact.step)
            elif isinstance(fact, Succeeded):
                standing.discard(fact.step)
            elif isinstance(fact, Sent) and fact.direction == "do":
                # A child is asked until it has ended, whatever has become of its parent.
                asked = fact.step in begun and self.world.plan.steps[fact.step].child
                assert not turned or asked, "forward work after the saga turned"
                begun.add(fact.step)
            elif isinstance(fact, Sent):
                assert fact.step in begun
                later = self.world.plan.steps[fact.step].after
                undoable = {n for n in later if self.world.plan.steps[n].undo}
                assert not standing & undoable, "undone before what came after it"

    @invariant()
    def what_is_owed_was_perhaps_done(self) -> None:
        world = self.world
        assert world.state is not None
        standing = {
            name
            for name, number in world.done - world.undone
            if world.plan.steps[name].undo and world.state.mode == "compensating"
        }
        assert standing <= set(owed(world.plan, world.state))

    @invariant()
    def a_child_gets_the_deadline_and_is_told_again_what_it_was_told(self) -> None:
        if not self.world.log:
            return
        facts = self.world.log[-1].facts
        for sent in facts:
            if not isinstance(sent, Sent) or sent.direction == "undo":
                continue
            planned = self.world.plan.command(sent.step)
            assert bool(sent.until) <= planned.decides
            if self.state.deadline and planned.decides:
                assert sent.until, "the deadline is not handed down"
            if planned.child and sent.attempt > 1:
                again = {fact.id for fact in facts if isinstance(fact, SignalHeld)}
                assert {one.id for one in self.state.held if one.step == sent.step} <= again

    @invariant()
    def every_signal_is_decided_once_and_before_the_end(self) -> None:
        decided = [f.id for f in self.facts() if isinstance(f, Signalled | SignalRefused)]
        assert len(decided) == len(set(decided))
        assert set(decided) == set(self.state.signals)
        assert not self.state.held or self.state.mode == "forward"
        for one in self.state.held:
            step = self.state.steps[one.step]
            assert step.waits or step.phase == "stuck", "held for what has settled"

    @invariant()
    def what_turns_waits_for_nothing_and_tells_its_children(self) -> None:
        if self.state.mode == "forward":
            return
        told = {fact.step for fact in self.facts() if isinstance(fact, Halted)}
        told |= {name for name, _ in self.world.stopping}
        for name, at in self.state.steps.items():
            assert at.phase != "waiting"
            assert at.phase != "unknown" or not at.child, "a child has always ended"
            if at.child and at.waits and at.direction == "do":
                assert name in told

    @invariant()
    def what_is_sent_is_filled_from_what_was_changed_before_its_round(self) -> None:
        order, said = 7, dict[tuple[str, int], Any]()
        for fact in self.facts():
            if isinstance(fact, Signalled) and fact.changes:
                order = fact.changes["order"]
            elif isinstance(fact, Sent):
                # A child has been told of the change, and has applied it.
                same = fact.direction == "do" and not self.world.plan.steps[fact.step].child
                first = said.setdefault((fact.step, fact.round), order) if same else order
                assert fact.data["order"] == first

    @invariant()
    def another_round_begins_when_the_last_is_settled(self) -> None:
        settled: dict[str, int] = {}
        latest: dict[str, int] = {}
        for fact in self.facts():
            if isinstance(fact, Sent) and fact.direction == "do":
                if fact.round > latest.get(fact.step, 0):
                    assert settled.get(fact.step, 0) == fact.round - 1
                latest[fact.step] = fact.round
            elif isinstance(fact, Succeeded | Refused) and fact.direction == "do":
                settled[fact.step] = latest.get(fact.step, 0)
