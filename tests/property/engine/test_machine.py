"""The engine against a world in which anything repeats, is lost, comes late or fails (DESIGN
laws 4 to 7 and 12).
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.definition.nodes import Node
from orchestrator.engine.backward import owed
from orchestrator.engine.facts import (
    Completed,
    Failed,
    Failing,
    Ignored,
    Late,
    Sent,
    Signalled,
    SignalRefused,
    Succeeded,
)
from orchestrator.engine.inputs import Signal
from orchestrator.engine.plan import Plan
from tests.world import World, definition, parallel, step, timed

OUTCOMES = st.sampled_from(["succeeded", "succeeded", "refused", "failed"])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    """Sequences and parallels of compensatable steps and reads, perhaps a pivot and retriables
    after it.
    """
    names = iter("abcdefghijklmnop")
    kinds = st.sampled_from(["compensatable", "compensatable", "compensatable", "read"])

    def some(kind: st.SearchStrategy[str], least: int) -> list[Node]:
        nodes: list[Node] = []
        for _ in range(draw(st.integers(least, 2))):
            if draw(st.booleans()):
                nodes.append(step(next(names), draw(kind)))  # type: ignore[arg-type]
            else:
                lengths = draw(st.lists(st.integers(1, 2), min_size=2, max_size=2))
                nodes.append(
                    parallel(
                        *(
                            tuple(step(next(names), draw(kind)) for _ in range(n))  # type: ignore[arg-type]
                            for n in lengths
                        )
                    )
                )
        return nodes

    before = some(kinds, 1)
    if not draw(st.booleans()):
        return tuple(before)
    return (*before, step(next(names), "pivot"), *some(st.just("retriable"), 0))


class Saga(RuleBasedStateMachine):
    """Commands and replies are never taken from their pools: each may come again at any time."""

    world: World

    @initialize(body=bodies(), deadline_ms=st.sampled_from([0, 1_500, 6_000]))
    def start(self, body: tuple[Node, ...], deadline_ms: int) -> None:
        self.world = World(Plan(timed(definition(*body), deadline_ms)))
        self.world.start()

    @rule(data=st.data(), outcome=OUTCOMES)
    def a_command_arrives(self, data: st.DataObject, outcome: str) -> None:
        """Its reply joins the pool, from which it may never be taken."""
        self.world.handle(data.draw(st.sampled_from(self.world.commands)), outcome)

    @precondition(lambda self: self.world.replies)
    @rule(data=st.data())
    def a_reply_arrives(self, data: st.DataObject) -> None:
        self.world.take(data.draw(st.sampled_from(self.world.replies)))

    @rule(outcome=OUTCOMES)
    def the_newest_command_is_answered(self, outcome: str) -> None:
        self.world.take(self.world.handle(self.world.commands[-1], outcome))

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        for command in self.world.commands[-3:]:
            self.world.take(self.world.handle(command))

    @rule(outcome=OUTCOMES)
    def an_answer_is_lost(self, outcome: str) -> None:
        """The participant acts, its reply never comes, and time passes."""
        self.world.handle(self.world.commands[-1], outcome)
        if self.world.state and self.world.state.wake_at:
            self.world.wake()

    @precondition(lambda self: self.world.state.wake_at)
    @rule()
    def time_passes(self) -> None:
        self.world.wake()

    @rule(action=st.sampled_from(["retry", "resume"]))
    def an_operator_acts(self, action: str) -> None:
        self.world.repair(action)

    @rule(signal=st.sampled_from(["c-1", "c-2"]))
    def somebody_cancels(self, signal: str) -> None:
        """In time, too late, or once more."""
        before = self.world.state
        assert before is not None
        told = self.world.take(Signal(signal, self.world.at, "cancel", "because", "ann"))
        kinds = [type(fact) for fact in told.facts]
        if signal in before.signals:
            assert kinds == [Ignored]
        elif kinds[0] is Signalled:
            committed = set(self.world.plan.committing) & set(before.steps)
            assert before.mode == "forward"
            assert not committed
            assert self.world.state is not None
            assert self.world.state.code == "cancelled"
        else:
            assert kinds == [SignalRefused]

    @invariant()
    def a_deadline_is_kept_or_the_saga_is_late(self) -> None:
        world = self.world
        facts = [f for t in world.log for f in t.facts]
        assert world.state is not None
        assert world.state.late == any(isinstance(f, Late) for f in facts)
        if world.state.deadline:
            assert world.state.mode == "forward"
            if not world.state.person_since:
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
            assert world.left() == set(world.plan.steps)
            assert not world.undone

    @invariant()
    def ends_once_and_says_so(self) -> None:
        ends = [f for t in self.world.log for f in t.facts if isinstance(f, Completed | Failed)]
        state = self.world.state
        assert state is not None
        assert len(ends) == (0 if state.open else 1)
        told = [name for name in self.world.events() if name != "Begun"]
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
                assert not turned, "forward work after the saga turned"
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

    def teardown(self) -> None:
        """Whatever has happened, a world that works from now on brings the saga to its end."""
        if not hasattr(self, "world"):
            return
        world = self.world
        for _ in range(400):
            assert world.state is not None
            if not world.state.open:
                break
            if world.state.status == "needs_operator":
                world.repair("resume")
            waiting = [n for n, s in world.state.steps.items() if s.phase == "sent"]
            if waiting:
                world.answer(waiting[0])
            else:
                world.wake()
        assert world.state is not None and not world.state.open
        self.what_ended_is_whole()


Saga.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
TestSaga = Saga.TestCase
