"""The engine against a world in which anything repeats, is lost, comes late or fails (DESIGN
laws 4 to 7 and 12): participants, children, people who are waited for or change data.
"""

from collections.abc import Iterator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.definition.nodes import Definition, Leaf, Node, Step, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.engine.backward import owed
from orchestrator.engine.facts import (
    Completed,
    Emitted,
    Fact,
    Failed,
    Failing,
    Halted,
    Ignored,
    Late,
    Refused,
    Sent,
    SignalHeld,
    Signalled,
    SignalRefused,
    Succeeded,
)
from orchestrator.engine.inputs import Signal
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.world import World, changed, child, definition, parallel, step, timed, wait

OUTCOMES = st.sampled_from(["succeeded", "succeeded", "refused", "failed"])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Node, ...]:
    """Sequences and parallels of compensatable steps, reads, waits and children that can be undone,
    perhaps a pivot or a child that decides, and retriables after it.
    """
    names = iter("abcdefghijklmnop")
    kinds = st.sampled_from([*["compensatable"] * 3, "read", "wait", "person", "child"])

    def leaf(kind: str) -> Leaf:
        name = next(names)
        if kind in ("wait", "person"):
            return wait(
                name, person=kind == "person", timeout_ms=draw(st.sampled_from([400, 5_000]))
            )
        if kind == "child":
            return child(name, draw(st.sampled_from(["compensatable", "read"])))
        return step(name, kind)  # type: ignore[arg-type]

    def some(kind: st.SearchStrategy[str], least: int) -> list[Node]:
        nodes: list[Node] = []
        for _ in range(draw(st.integers(least, 2))):
            if draw(st.booleans()):
                nodes.append(leaf(draw(kind)))
            else:
                lengths = draw(st.lists(st.integers(1, 2), min_size=2, max_size=2))
                nodes.append(
                    parallel(*(tuple(leaf(draw(kind)) for _ in range(n)) for n in lengths))
                )
        return nodes

    before = some(kinds, 1)
    if not draw(st.booleans()):
        return tuple(before)
    name = next(names)
    pivot = child(name) if draw(st.booleans()) else step(name, "pivot")
    return (*before, pivot, *some(st.just("retriable"), 0))


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A definition, perhaps with a deadline, perhaps with a signal that changes what can be done
    again.
    """
    made = definition(*draw(bodies()))
    again = [
        leaf.name
        for leaf in steps_of(made.body)
        if isinstance(leaf, Step) and (leaf.kind in ("compensatable", "read") or leaf.child)
    ]
    if again and draw(st.booleans()):
        made = changed(made, draw(st.sampled_from(again)))
    return timed(made, draw(st.sampled_from([0, 1_500, 6_000])))


class Saga(RuleBasedStateMachine):  # pylint: disable=too-many-public-methods  # a rule each
    """Commands and replies are never taken from their pools: each may come again at any time."""

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

    @precondition(lambda self: self.world.commands)
    @rule(data=st.data(), outcome=OUTCOMES)
    def a_command_arrives(self, data: st.DataObject, outcome: str) -> None:
        """Its reply joins the pool, from which it may never be taken."""
        self.world.handle(data.draw(st.sampled_from(self.world.commands)), outcome)

    @precondition(lambda self: self.world.replies)
    @rule(data=st.data())
    def a_reply_arrives(self, data: st.DataObject) -> None:
        self.world.take(data.draw(st.sampled_from(self.world.replies)))

    @precondition(lambda self: self.world.commands)
    @rule(outcome=OUTCOMES)
    def the_newest_command_is_answered(self, outcome: str) -> None:
        self.world.take(self.world.handle(self.world.commands[-1], outcome))

    @rule()
    def all_goes_well_for_a_while(self) -> None:
        for command in self.world.commands[-3:]:
            self.world.take(self.world.handle(command))

    @precondition(lambda self: self.world.commands)
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
        plan = self.world.plan
        running = {n for n in plan.deciding if n in before.steps and before.steps[n].waits}
        if self._known(before, signal):
            assert kinds == [Ignored]
        elif kinds[0] is SignalHeld:
            assert running, "only a child decides later"
            assert before.mode == "forward"
        elif kinds[0] is Signalled:
            assert before.mode == "forward"
            assert not set(plan.committing) & set(before.steps)
            assert self.state.code == "cancelled"
        else:
            assert kinds == [SignalRefused]
            assert not running or before.mode != "forward"

    def _known(self, before: State, signal: str) -> bool:
        return signal in before.signals or any(one.id == signal for one in before.held)

    @precondition(lambda self: self.waits)
    @rule(data=st.data(), yes=st.sampled_from([True, True, False]), number=st.integers(1, 9))
    def somebody_decides(self, data: st.DataObject, yes: bool, number: int) -> None:
        """What is waited for is answered: in time, too early, too late, or once more."""
        wanted, before = data.draw(st.sampled_from(self.waits)), self.state
        signal = f"{wanted.name}-{number}"
        told = self.world.tell(wanted.signal, signal, yes=yes)
        kinds = [type(fact) for fact in told.facts]
        step = before.steps.get(wanted.name)
        if self._known(before, signal):
            assert kinds == [Ignored]
        elif before.open and step is not None and step.phase == "waiting":
            assert kinds[:2] == [Signalled, Succeeded if yes else Refused]
        else:
            assert kinds == [SignalRefused]

    @precondition(lambda self: self.world.plan.changes)
    @rule(number=st.integers(1, 6))
    def somebody_changes_the_order(self, number: int) -> None:
        before = self.state
        redo = self.world.plan.changes["reorder"].change.redo
        told = self.world.tell("reorder", f"r-{number}", new=100 + number)
        kinds = [type(fact) for fact in told.facts]
        step = before.steps.get(redo)
        if self._known(before, f"r-{number}"):
            assert kinds == [Ignored]
        elif before.mode != "forward":
            assert kinds == [SignalRefused]
        elif step is None:
            assert kinds == [Signalled, Emitted]
        else:
            flying = step.waits or step.phase == "stuck"
            assert kinds == [SignalHeld if flying else SignalRefused]

    @precondition(lambda self: self._redo_in_flight())
    @rule(outcome=OUTCOMES, lost=st.booleans())
    def an_order_that_is_under_way_is_changed(self, outcome: str, lost: bool) -> None:
        """It is held, the step is done, and done again: with whatever comes of that."""
        redo = self._redo_in_flight()
        self.world.tell("reorder", f"r-{len(self.world.log)}", new=len(self.world.log))
        self.world.answer(redo)
        if lost and self._redo_in_flight():
            self.world.fail(redo, 1)
            if self.state.steps[redo].phase == "pausing":
                self.world.wake_only(redo)
        if self._redo_in_flight():
            self.world.answer(redo, outcome)

    def _redo_in_flight(self) -> str:
        """The step that a change would have done again, while its command is out."""
        change = self.world.plan.changes.get("reorder")
        step = self.state.steps.get(change.change.redo) if change else None
        if change is None or step is None or step.phase != "sent" or step.direction == "undo":
            return ""
        return "" if step.child or self.state.mode != "forward" else change.change.redo

    @precondition(lambda self: self._handed_on())
    @rule(data=st.data(), applied=st.booleans())
    def a_child_decides(self, data: st.DataObject, applied: bool) -> None:
        self.world.decide(data.draw(st.sampled_from(self._handed_on())), applied=applied)

    def _handed_on(self) -> list[str]:
        plan = self.world.plan
        return sorted({one.step for one in self.state.held if plan.steps[one.step].child})

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
    def what_is_sent_is_filled_from_what_was_changed(self) -> None:
        order = 7
        for fact in self.facts():
            if isinstance(fact, Signalled) and fact.changes:
                order = fact.changes["order"]
            elif isinstance(fact, Sent):
                assert fact.data["order"] == order

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
