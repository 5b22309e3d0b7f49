"""What the bench of recovery makes of the log, and of the saga that it opens."""

import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.bench.recovery.figures import seconds
from orchestrator.bench.recovery.patience import MODULE, patient, write_application
from orchestrator.bench.recovery.witness import Seen, take
from orchestrator.definition.nodes import version
from orchestrator.definition.tree import steps_of
from orchestrator.engine.facts import Ignored, Transition
from orchestrator.sagalog.records import Claim, LogRecord, TransitionRecord, encode_record, seal
from sagas.order_fulfillment import order_fulfillment


class Read(NamedTuple):
    """A record as consumed; the witness reads its value only."""

    value: bytes


def told(saga: int, number: int, cause: str, epoch: str) -> LogRecord:
    """A transition of a saga."""
    sealed = seal(Transition(saga, number, 0, cause, (Ignored("no matter what"),)))
    return TransitionRecord(epoch, 0, -1, sealed)


def seen(*records: LogRecord) -> Seen:
    """What a witness has seen after these records of partition 3, one each millisecond."""
    found = Seen()
    for now, record in enumerate(records, 1):
        read: Any = Read(encode_record(record))
        take(found, 3, read, now)
    return found


def test_a_claim_is_no_decision_and_what_a_killed_owner_still_wrote_is_none_either() -> None:
    """Deciding is a transition under an epoch that was claimed since."""
    found = seen(told(1, 1, "late", "old"), Claim("l", "new", 0, "x"), told(2, 1, "start", "new"))
    assert (found.claimed, found.decided) == ({3: 2}, {3: 3})
    assert found.opened == {1, 2}


def test_going_on_counts_the_first_transition_of_each_saga() -> None:
    """And says for which of them that was their timeout."""
    found = seen(
        told(1, 2, "reply-1", "e"),
        told(2, 2, "wake/2/1", "e"),
        told(1, 3, "wake/1/2", "e"),
        told(2, 3, "reply-2", "e"),
    )
    assert found.moved == {1: 2, 2: 2}
    assert found.by_time == {2}
    assert not found.opened
    assert found.last == 4


def test_only_the_timeouts_of_a_patient_saga_differ() -> None:
    """Of every step, those in branches too; it is another version."""
    changed = patient(order_fulfillment, 77)
    assert {step.timeout_ms for step in steps_of(changed.definition.body)} == {77}
    assert [s.do for s in steps_of(changed.definition.body)] == [
        s.do for s in steps_of(order_fulfillment.definition.body)
    ]
    assert changed.version == version(changed.definition) != order_fulfillment.version


def test_the_written_application_is_loaded_by_name(tmp_path: Path) -> None:
    """By a process of its own, as the bench does."""
    name = write_application(tmp_path, "sagas:app", "order-fulfillment", 77)
    assert name == f"{MODULE}:app"
    asked = (
        "from orchestrator.bootstrap.benchmark import load_benchmark; from pathlib import Path;"
        f"loaded = load_benchmark({name!r}, Path({str(tmp_path)!r}));"
        "print(loaded.definition.body[0].timeout_ms, *loaded.application.services)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["77", "product", "payment", "inventory", "shipping", "orders"]


def test_seconds() -> None:
    assert seconds(1_000, 2_234) == 1.23
