"""What the topic has lost is appended again under the numbers of the new epoch (DESIGN law 14)."""

from orchestrator.runtime.decisions import Decisions
from orchestrator.sagalog.records import TransitionRecord, decode_record, seal
from orchestrator.sagalog.rows import HeldTransition
from tests.unit.runtime.test_wire import done, played


def test_every_record_has_the_next_number_of_its_epoch() -> None:
    """Readers skip what is out of step: one number twice, and the rest of the refill is lost."""
    state, told = played(done("a"), done("b"))
    run = Decisions("new", 4, 9)
    for offset, transition in enumerate(told, start=100):
        run.again(HeldTransition(offset, seal(transition)), state)
    read = [decode_record(record.value) for record in run.records]
    assert all(isinstance(record, TransitionRecord) for record in read)
    assert [(r.epoch, r.seq) for r in read if isinstance(r, TransitionRecord)] == [
        ("new", 4),
        ("new", 5),
        ("new", 6),
    ]
