"""The engine against a world in which anything repeats, is lost, comes late or fails (DESIGN
laws 4 to 7 and 12): participants, children, people who are waited for or change data.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orchestrator.engine.facts import (
    Emitted,
    Ignored,
    Refused,
    SignalHeld,
    Signalled,
    SignalRefused,
    Succeeded,
)
from orchestrator.engine.inputs import Signal
from orchestrator.engine.state import State
from tests.property.engine.laws import Laws

OUTCOMES = st.sampled_from(["succeeded", "succeeded", "refused", "failed"])


class Saga(Laws):  # pylint: disable=too-many-public-methods  # a rule each
    """Commands and replies are never taken from their pools: each may come again at any time."""

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
