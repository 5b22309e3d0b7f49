"""The ownership of one partition, step by step (DESIGN laws 2, 3, 9 and 14)."""

# pylint: disable=unbalanced-tuple-unpacking  # how many actions there are is what is tested
# pylint: disable=use-implicit-booleaness-not-comparison

from typing import Any

import pytest

from orchestrator.runtime import happenings as h
from orchestrator.runtime.errors import IllegalEvent
from orchestrator.runtime.ownership import Ownership, step

FILE = h.Mark("log", "old", 3, 9)


class Machine:
    """Drives the pure machine and remembers what it asked for."""

    def __init__(self) -> None:
        self.own = Ownership()
        self.asked: list[h.Action] = []

    def tell(self, *events: h.Event) -> list[h.Action]:
        """Tell the events; the actions of the last one."""
        actions: tuple[h.Action, ...] = ()
        for event in events:
            self.own, actions = step(self.own, event)
            self.asked += actions
        return list(actions)


def owner(sent: int = 10) -> Machine:
    """An owner whose claim stands at offset 10."""
    machine = Machine()
    machine.tell(
        h.Assigned(FILE),
        h.Inspected("log", True, "fresh", "e"),
        h.ClaimAcknowledged("e", 10),
        h.Adopted("e", sent),
        h.Done("e", h.RESEND),
    )
    assert machine.own.phase == "owner"
    return machine


def test_a_claim_begins_what_the_file_ends_with() -> None:
    """Same log, same last record: claim, read up to the claim, own."""
    machine = owner()
    assert [type(action) for action in machine.asked] == [
        h.Inspect,
        h.AppendClaim,
        h.ReadUpTo,
        h.Own,
    ]
    assert machine.own.expected == 11


def test_an_empty_topic_and_no_file_begin_a_new_log() -> None:
    """The claim names it."""
    machine = Machine()
    actions = machine.tell(h.Assigned(None), h.Inspected("", False, "fresh", "e"))
    assert actions == [h.AppendClaim("fresh", "e")]


def test_an_empty_topic_keeps_the_log_of_the_file_and_is_filled() -> None:
    """The claim carries the file's log; what is missing is appended; all of it is sent again."""
    machine = Machine()
    actions = machine.tell(h.Assigned(FILE), h.Inspected("", False, "fresh", "e"))
    assert actions == [h.AppendClaim("log", "e")]
    assert machine.tell(h.ClaimAcknowledged("e", 0)) == [h.ReadUpTo(0, True)]
    assert machine.tell(h.Adopted("e", 0, missing=True)) == [h.Refill()]
    assert not machine.own.owns
    with pytest.raises(IllegalEvent):
        machine.tell(h.Decided("e", 2, h.NOWHERE), h.Refilled("e"))
    machine.tell(h.Acknowledged("e", 0, 1))
    assert machine.tell(h.Committed(1)) == []
    assert machine.tell(h.Refilled("e")) == [h.Own(0)]
    assert machine.own.owns


def test_a_file_of_another_log_is_set_aside() -> None:
    """And the topic's log is gone on with."""
    machine = Machine()
    aside, claim = machine.tell(h.Assigned(FILE), h.Inspected("other", False, "fresh", "e"))
    assert isinstance(aside, h.SetAside)
    assert claim == h.AppendClaim("other", "e")


def test_a_contradiction_is_set_aside_once() -> None:
    """Then it is read from the beginning; a log that contradicts itself is nobody's."""
    machine = Machine()
    machine.tell(h.Assigned(FILE), h.Inspected("log", False, "", "e"), h.ClaimAcknowledged("e", 5))
    aside, read = machine.tell(h.Adopted("e", -1, foreign=True))
    assert isinstance(aside, h.SetAside)
    assert read == h.ReadUpTo(5, False)
    machine.tell(h.Adopted("e", -1, foreign=True))
    assert machine.own.phase == "replaced"


def test_nothing_is_acted_on_before_it_is_committed() -> None:
    """Decide, append, acknowledged, SQLite, act: in that order."""
    machine = owner()
    (append,) = machine.tell(h.Decided("e", 2, (5, 6)))
    assert append == h.Append(h.Span(0, 0, 2, (5, 6)))
    assert machine.own.inputs == h.NOWHERE
    (commit,) = machine.tell(h.Acknowledged("e", 0, 11))
    assert isinstance(commit, h.Commit)
    assert machine.own.inputs == h.NOWHERE
    (act,) = machine.tell(h.Committed(1))
    assert isinstance(act, h.Act)
    assert (machine.own.inputs, machine.own.sent) == ((5, 6), 10)
    machine.tell(h.Done("e", 0))
    assert machine.own.sent == 12


def test_the_sent_mark_moves_over_an_unbroken_prefix() -> None:
    """A later run that is sent sooner waits for the earlier one."""
    machine = owner()
    machine.tell(h.Decided("e", 1, (1, 0)), h.Decided("e", 1, (2, 0)))
    machine.tell(h.Acknowledged("e", 0, 11), h.Acknowledged("e", 1, 12), h.Committed(2))
    machine.tell(h.Done("e", 1))
    assert machine.own.sent == 10
    machine.tell(h.Done("e", 0))
    assert machine.own.sent == 12


def test_answers_hold_their_inputs_until_they_are_sent() -> None:
    """A refusal is in no log: its input is committed when it is acknowledged, and not before."""
    machine = owner()
    assert machine.tell(h.Decided("e", 0, (7, 0), True)) == [h.SeeEnd(0, 0)]
    (commit,) = machine.tell(h.EndSeen("e", 0, 0, 11))
    assert commit == h.Commit((h.Span(0, 0, 0, (7, 0), True, 11),))
    machine.tell(h.Committed(1))
    assert machine.own.inputs == h.NOWHERE
    machine.tell(h.Done("e", 0))
    assert machine.own.inputs == (7, 0)


def test_answers_wait_for_what_was_decided_before_them() -> None:
    """And then for a sign that they were still ours to give: the next append, or the log's end."""
    machine = owner()
    machine.tell(h.Decided("e", 1, (1, 0)))
    assert machine.tell(h.Decided("e", 0, (2, 0), True)) == []
    commit, look = machine.tell(h.Acknowledged("e", 0, 11))
    assert isinstance(commit, h.Commit)
    assert [span.id for span in commit.spans] == [0]
    assert look == h.SeeEnd(1, 1)
    machine.tell(h.Decided("e", 1, (3, 0)))
    assert machine.tell(h.EndSeen("e", 1, 1, 13)) == []
    (commit,) = machine.tell(h.Acknowledged("e", 2, 12))
    assert isinstance(commit, h.Commit)
    assert [span.id for span in commit.spans] == [1, 2]


def test_answers_of_a_replaced_owner_are_not_given() -> None:
    """What lies beyond our last record is looked into: a claim ends it, a straggler does not."""
    machine = owner()
    machine.tell(h.Decided("e", 0, (1, 0), True))
    assert machine.tell(h.EndSeen("e", 0, 0, 12)) == [h.ReadBetween(11, 12)]
    (commit,) = machine.tell(h.ReadBetweenDone("e", False))
    assert commit == h.Commit((h.Span(0, 0, 0, (1, 0), True, 11),))
    machine.tell(h.Decided("e", 0, (2, 0), True), h.EndSeen("e", 1, 0, 13))
    (gone,) = machine.tell(h.ReadBetweenDone("e", True))
    assert isinstance(gone, h.Relinquish)


def test_an_owner_that_appends_nothing_looks_now_and_then() -> None:
    """Else it would never notice a newer claim; while an append is under way, that will tell."""
    machine = owner()
    assert machine.tell(h.LookDue()) == [h.SeeEnd(-1, 0)]
    assert machine.tell(h.EndSeen("e", -1, 0, 11)) == []
    assert machine.own == owner().own
    machine.tell(h.LookDue(), h.EndSeen("e", -1, 0, 12))
    assert machine.own.phase == "checking"
    (gone,) = machine.tell(h.ReadBetweenDone("e", True))
    assert isinstance(gone, h.Relinquish)
    (gone,) = owner().tell(h.EndSeen("e", -1, 0, 10))
    assert isinstance(gone, h.Relinquish)
    machine = owner()
    machine.tell(h.Decided("e", 1, (1, 0)))
    assert machine.tell(h.LookDue()) == []


def test_answers_that_are_decided_while_a_look_is_gone_into_are_looked_for_after_it() -> None:
    machine = owner()
    machine.tell(h.LookDue())
    assert machine.tell(h.EndSeen("e", -1, 0, 12)) == [h.ReadBetween(11, 12)]
    assert machine.tell(h.Decided("e", 0, (7, 0), True)) == []
    assert machine.tell(h.ReadBetweenDone("e", False)) == [h.SeeEnd(0, 0)]


def test_a_higher_offset_is_looked_into() -> None:
    """A straggler is skipped and what came meanwhile is confirmed; a newer claim ends it."""
    machine = owner()
    machine.tell(h.Decided("e", 1, (1, 0)), h.Decided("e", 1, (2, 0)))
    assert machine.tell(h.Acknowledged("e", 0, 13)) == [h.ReadBetween(11, 13)]
    assert machine.tell(h.Acknowledged("e", 1, 14)) == []
    first, second = machine.tell(h.ReadBetweenDone("e", False))
    assert isinstance(first, h.Commit)
    assert isinstance(second, h.Commit)
    assert machine.own.expected == 15
    machine.tell(h.Decided("e", 1, (3, 0)), h.Acknowledged("e", 2, 17))
    (gone,) = machine.tell(h.ReadBetweenDone("e", True))
    assert isinstance(gone, h.Relinquish)
    assert gone.again


@pytest.mark.parametrize(
    "event",
    [
        h.Acknowledged("e", 0, 10),
        h.Acknowledged("e", 1, 11),
        h.AppendFailed("e", "no answer"),
        h.Failed("e", "a gap"),
    ],
)
def test_what_ends_ownership(event: h.Event) -> None:
    """A lower offset, a lost append before, no answer: all decisions are thrown away."""
    machine = owner()
    machine.tell(h.Decided("e", 1, (1, 0)), h.Decided("e", 1, (2, 0)))
    (gone,) = machine.tell(event)
    assert isinstance(gone, h.Relinquish)
    assert machine.own.phase == "replaced"
    assert machine.own.appended == ()


def test_what_is_confirmed_is_written_even_when_ownership_is_lost() -> None:
    """But its successor acts on it; and nothing is claimed before it is written."""
    machine = owner()
    machine.tell(h.Decided("e", 1, (1, 0)), h.Acknowledged("e", 0, 11))
    machine.tell(h.AppendFailed("e", "no answer"))
    with pytest.raises(IllegalEvent):
        machine.tell(h.Assigned(FILE))
    assert machine.tell(h.Committed(1)) == []
    assert machine.tell(h.Assigned(FILE)) == [h.Inspect(FILE)]


STALE: list[Any] = [
    h.ClaimAcknowledged("old", 4),
    h.Adopted("old", 4),
    h.Acknowledged("old", 0, 11),
    h.AppendFailed("old", "late"),
    h.ReadBetweenDone("old", True),
    h.Done("old", 0),
    h.Failed("old", "late"),
]


@pytest.mark.parametrize("event", STALE)
def test_what_answers_an_older_epoch_changes_nothing(event: h.Event) -> None:
    """It can always come late."""
    machine = owner()
    before = machine.own
    assert machine.tell(event) == []
    assert machine.own == before


ILLEGAL: list[Any] = [
    h.Assigned(FILE),
    h.Inspected("log", True, "fresh", "f"),
    h.ClaimAcknowledged("e", 12),
    h.Adopted("e", 12),
    h.Refilled("e"),
    h.ReadBetweenDone("e", False),
    h.Committed(1),
]


@pytest.mark.parametrize("event", ILLEGAL)
def test_an_illegal_event_raises_and_changes_nothing(event: h.Event) -> None:
    """As in h11: transitions are data, and what is not in it cannot happen."""
    machine = owner()
    before = machine.own
    with pytest.raises(IllegalEvent):
        machine.tell(event)
    assert machine.own == before
