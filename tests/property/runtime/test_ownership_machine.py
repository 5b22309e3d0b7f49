"""The ownership machine under any legal history: a shadow of what it must hold (DESIGN laws 2, 3,
9).
"""

from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.runtime import happenings as h
from orchestrator.runtime.ownership import Ownership, step


class Histories(RuleBasedStateMachine):
    """One partition and its log; the shadow counts what was appended, confirmed, written and
    sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.own = Ownership()
        self.end = 0  # of the log
        self.asked: list[h.Action] = []
        self.epochs = 0
        self.confirmed: list[h.Span] = []
        self.covered = h.NOWHERE
        self.read = 0

    def tell(self, event: h.Event) -> None:
        """Tell an event; remember what it asks for."""
        self.own, actions = step(self.own, event)
        for action in actions:
            if isinstance(action, h.Commit):
                self.confirmed += action.spans
            if isinstance(action, h.Relinquish):
                self.asked.clear()
                self.read = max(0, action.inputs[0])
            else:
                self.asked.append(action)

    def take(self, kind: type) -> h.Action | None:
        """The oldest thing of this kind that was asked for."""
        for place, action in enumerate(self.asked):
            if isinstance(action, kind):
                return self.asked.pop(place)
        return None

    @initialize()
    def begin(self) -> None:
        """The first claim."""
        self.claim()

    @rule()
    @precondition(lambda self: self.own.phase in ("released", "replaced"))
    @precondition(lambda self: not self.own.confirmed)
    def claim(self) -> None:
        """Assigned, compared, claimed, adopted."""
        self.epochs += 1
        epoch = f"e{self.epochs}"
        self.tell(h.Assigned(None))
        self.tell(h.Inspected("log" if self.end else "", False, "log", epoch))
        self.tell(h.ClaimAcknowledged(epoch, self.end))
        self.end += 1
        self.tell(h.Adopted(epoch, self.own.sent))
        assert self.own.phase == "owner"

    @rule(count=st.integers(0, 3), answers=st.booleans())
    @precondition(lambda self: self.own.owns)
    def decide(self, count: int, answers: bool) -> None:
        """Some records, some answers, some inputs covered."""
        self.read += 1
        covers = (self.read, 0)
        self.tell(h.Decided(self.own.epoch, count, covers, answers))

    @rule(others=st.integers(0, 2))
    @precondition(lambda self: any(isinstance(a, h.Append) for a in self.asked))
    def append(self, others: int) -> None:
        """The next append lands, behind so many records of somebody else."""
        action = self.take(h.Append)
        assert isinstance(action, h.Append)
        self.end += others
        base, self.end = self.end, self.end + action.span.count
        self.tell(h.Acknowledged(self.own.epoch, action.span.id, base))

    @rule()
    def look_due(self) -> None:
        """Now and then it is time to look at the log's end."""
        self.tell(h.LookDue())

    @rule(others=st.integers(0, 2))
    @precondition(lambda self: any(isinstance(a, h.SeeEnd) for a in self.asked))
    def see_end(self, others: int) -> None:
        """The log's end is seen, behind so many records of somebody else."""
        action = self.take(h.SeeEnd)
        assert isinstance(action, h.SeeEnd)
        self.end += others
        self.tell(h.EndSeen(self.own.epoch, action.span, action.seq, self.end))

    @rule(claimed=st.booleans())
    @precondition(lambda self: self.own.phase == "checking")
    def look_between(self, claimed: bool) -> None:
        """What lay between was read."""
        self.take(h.ReadBetween)
        self.tell(h.ReadBetweenDone(self.own.epoch, claimed))

    @rule(data=st.data())
    @precondition(lambda self: self.own.confirmed)
    def commit(self, data: st.DataObject) -> None:
        """SQLite takes some of what is confirmed."""
        spans = data.draw(st.integers(1, len(self.own.confirmed)))
        for span in self.own.confirmed[:spans]:
            if not span.answers:
                self.covered = max(self.covered, span.covers)
        self.tell(h.Committed(spans))

    @rule()
    @precondition(lambda self: self.own.confirmed)
    def contradict(self) -> None:
        """SQLite holds something else: the file is set aside, and the log is read instead."""
        before = self.own
        self.tell(h.Contradicted("something else"))
        assert not self.own.confirmed
        assert not self.own.owns
        assert self.own.inputs == before.inputs

    @rule(data=st.data())
    @precondition(lambda self: any(s.id not in self.own.done for s in self.own.acting))
    def send(self, data: st.DataObject) -> None:
        """The effects of any run are acknowledged."""
        waiting = [span for span in self.own.acting if span.id not in self.own.done]
        span = data.draw(st.sampled_from(waiting))
        self.tell(h.Done(self.own.epoch, span.id))

    @rule()
    @precondition(lambda self: self.own.appended)
    def fail(self) -> None:
        """An append gets no answer."""
        self.tell(h.AppendFailed(self.own.epoch, "no answer"))

    @invariant()
    def answers_are_judged(self) -> None:
        """Whatever waits to be confirmed waits for something that will come."""
        waiting = (h.Append, h.SeeEnd, h.ReadBetween)
        if self.own.appended:
            assert any(isinstance(action, waiting) for action in self.asked)

    @rule()
    def revoke(self) -> None:
        """The group takes the partition away."""
        self.tell(h.Revoked())

    @invariant()
    def confirmed_in_order(self) -> None:
        """What is confirmed stands in the log in the order of the decisions, without overlap."""
        spans = self.confirmed
        for before, after in pairwise(spans):
            assert before.base + before.count <= after.base

    @invariant()
    def inputs_are_safe(self) -> None:
        """No input is committed before the decision that covers it is written, and its answers
        sent.
        """
        for span in (*self.own.appended, *self.own.confirmed):
            assert self.own.inputs < span.covers
        for span in self.own.acting:
            if span.answers and span.id not in self.own.done:
                assert self.own.inputs < span.covers

    @invariant()
    def sent_mark_is_true(self) -> None:
        """Nothing at or below the sent mark waits to be sent."""
        for span in (*self.own.acting, *self.own.confirmed):
            if span.count and span.id not in self.own.done and self.own.epoch:
                assert self.own.sent < span.base + span.count

    @invariant()
    def only_owners_decide(self) -> None:
        """Whoever lost the partition has nothing under way."""
        if self.own.phase in ("released", "replaced"):
            assert not self.own.appended
            assert not self.own.acting


Histories.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestHistories = Histories.TestCase
