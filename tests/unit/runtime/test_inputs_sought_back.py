"""Whoever throws decisions away reads their inputs again (DESIGN law 2)."""

from orchestrator.runtime import happenings as h
from tests.unit.runtime.test_ownership import FILE, owner


def test_inputs_are_read_again_from_the_first_that_is_not_in_the_log() -> None:
    """What is in SQLite is not read again; what was only appended is, as nobody knows of it."""
    machine = owner()
    machine.tell(h.Decided("e", 1, (3, 1)), h.Acknowledged("e", 0, 11), h.Committed(1))
    machine.tell(h.Decided("e", 1, (5, 4)), h.Decided("e", 1, (9, 4)))
    told = machine.tell(h.AppendFailed("e", "no answer"))
    assert [type(action) for action in told] == [h.Relinquish]
    assert told[0].inputs == (3, 1)
    machine.tell(h.Assigned(FILE), h.Inspected("log", True, "fresh", "f"))
    assert machine.own.inputs == (3, 1)
