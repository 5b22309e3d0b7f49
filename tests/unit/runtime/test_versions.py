"""The versions of a partition: definitions and rollouts by request, and what a start gets by it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from contracts.topics import DEAD_LETTERS, EVENTS
from orchestrator.definition.nodes import version
from orchestrator.engine.facts import Completed, Moved, MoveRefused
from orchestrator.runtime.decisions import Decisions
from orchestrator.sagalog.store import SagaLog
from tests.unit.runtime.test_desk import reply
from tests.versions import (
    KEYS,
    NEW,
    OLD,
    NewOrder,
    Stage,
    define,
    message,
    move,
    program,
    rule,
    start,
)
from tests.world import step

ANOTHER = msgspec.structs.replace(OLD, deadline_ms=1_000)


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    with SagaLog.open(tmp_path / "saga.db") as log:
        yield Stage(log, program())


def kinds(out: Decisions) -> list[str]:
    return [type(entry).__name__ for entry in out.entries]


def begun(out: Decisions) -> str:
    """The version of the saga that was started."""
    (decided,) = out.decided
    return decided.state.version


def refused(out: Decisions) -> str:
    (only,) = out.answers
    assert only.topic == EVENTS
    return json.loads(only.record.value or b"")["data"]["code"]


def letter(out: Decisions) -> str:
    """Why the only answer is a dead letter."""
    (only,) = out.answers
    assert only.topic == DEAD_LETTERS
    return dict(only.record.headers)["dlq-error"].decode()


def test_a_definition_is_taken_once(stage: Stage) -> None:
    assert kinds(stage.take(define())) == ["Defined"]
    assert kinds(stage.take(define())) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [({}, "data.definition"), ({"name": "x", "input": {}, "body": []}, "it has no steps")],
)
def test_a_definition_that_cannot_run_is_a_dead_letter(stage: Stage, body: Any, says: str) -> None:
    out = stage.take(message("saga.define", data={"definition": body}))
    assert says in letter(out)
    assert not out.entries


def test_by_a_rule_a_start_gets_the_new_version(stage: Stage) -> None:
    """The program does not have it: its definition and the schema of its input came by the log."""
    stage.keep(stage.take(define()))
    out = stage.take(rule())
    assert kinds(out) == ["Defined", "RolledOut"]  # the old one stands in the log too now
    stage.keep(out)
    assert begun(stage.take(start(KEYS[0], order=1, note="n"))) == version(NEW)
    assert refused(stage.take(start(KEYS[1], order=1))) == "invalid_input"


def test_pipelined_rules_are_gone_by_at_once_and_forgotten_when_thrown_away(stage: Stage) -> None:
    stage.take(define())
    stage.take(rule())
    assert begun(stage.take(start(KEYS[0], order=1, note="n"))) == version(NEW)
    stage.desk.open()
    assert begun(stage.take(start(KEYS[0], order=1))) == version(OLD)


def test_a_successor_goes_by_the_log_whatever_its_program_has(stage: Stage) -> None:
    """A program that knows only the new version starts the old one: the log says so."""
    stage.keep(stage.take(define()))
    stage.keep(stage.take(rule(share=0, keys=[KEYS[0]])))
    later = Stage(stage.log, program(NEW, NewOrder))
    assert begun(later.take(start(KEYS[0], order=1, note="n"))) == version(NEW)
    assert begun(later.take(start(KEYS[1], order=1))) == version(OLD)
    nobody = Stage(stage.log)
    assert begun(nobody.take(start(KEYS[2], order=1))) == version(OLD)
    assert begun(nobody.take(start(KEYS[0], order=1, note="n"))) == version(NEW)


def test_rolled_back_and_switched_off(stage: Stage) -> None:
    stage.keep(stage.take(define()))
    stage.keep(stage.take(rule()))
    stage.keep(stage.take(rule("r-2", 11, share=0)))
    assert begun(stage.take(start(KEYS[0], order=1))) == version(OLD)
    later = Stage(stage.log, program(NEW, NewOrder))
    assert begun(later.take(start(KEYS[3], order=1))) == version(OLD)
    off = {"definition": OLD.name, "at": "12", "reason": "r", "by": "b", "off": True}
    later.keep(later.take(message("saga.rollout", "r-3", data=off)))
    assert begun(later.take(start(KEYS[4], order=1, note="n"))) == version(NEW)


@pytest.mark.parametrize(("own", "warned"), [(OLD, False), (NEW, False), (ANOTHER, True)])
def test_a_version_that_a_rule_keeps_out_is_warned_of(stage: Stage, own: Any, warned: bool) -> None:
    stage.keep(stage.take(define()))
    stage.keep(stage.take(rule(share=0)))
    with capture_logs() as lines:
        Stage(stage.log, program(own))
    kept = [line for line in lines if "a rollout keeps the version" in line["event"]]
    assert [line["version"] for line in kept] == [version(own)] * warned


def test_the_same_request_is_one_rule_and_an_older_one_changes_nothing(stage: Stage) -> None:
    stage.keep(stage.take(define()))
    stage.keep(stage.take(rule("r-2", 20)))
    assert kinds(stage.take(rule("r-2", 21, share=0))) == []
    late = stage.take(rule("r-1", 19, share=0))
    assert kinds(late) == ["RolledOut"]
    stage.keep(late)
    assert begun(stage.take(start(KEYS[0], order=1, note="n"))) == version(NEW)
    assert [one.request for one in stage.log.rollouts(2)] == ["r-2", "r-1"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": "f" * 16}, "has no version ffffffffffffffff here"),
        ({"version": "new"}, "data.version"),
        ({"share": 10_001}, "data.share"),
        ({"base": ""}, "data.base"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_a_dead_letter(
    stage: Stage, changes: dict[str, Any], says: str
) -> None:
    stage.keep(stage.take(define()))
    out = stage.take(rule(**changes))
    assert says in letter(out)
    assert kinds(out) == []
    assert begun(stage.take(start(KEYS[0], order=1))) == version(OLD)


def test_the_same_start_is_the_same_saga_by_whatever_version_it_is_read(stage: Stage) -> None:
    """The program has a new version now: the start that comes once more is still the same."""
    stage.keep(stage.take(start(KEYS[0], order=1)))
    later = Stage(stage.log, program(NEW, NewOrder))
    again = later.take(start(KEYS[0], order=1))
    assert not again.answers and not again.entries
    assert refused(later.take(start(KEYS[0], order=2))) == "key_reused"


def test_a_move_is_logged_after_its_definition(stage: Stage) -> None:
    out = stage.take(start(KEYS[0], order=1))
    stage.keep(out)
    (decided,) = out.decided
    saga = decided.state.saga
    same = msgspec.structs.replace(OLD, body=(*OLD.body, step("z")))
    (unknown,) = stage.take(move(saga, version(same))).decided
    assert isinstance(unknown.sealed.transition.facts[0], MoveRefused)
    stage.office.plans.know(same)
    moved = stage.take(move(saga, version(same), "m-2"))
    assert kinds(moved) == ["Defined", "Decided"]
    (after,) = moved.decided
    assert isinstance(after.sealed.transition.facts[0], Moved)
    stage.keep(moved)
    row = stage.log.saga(saga)
    assert row is not None and row.version == version(same)
    again = stage.take(move(saga, version(same), "m-2"))
    assert kinds(again) == ["Decided"]


def test_a_moved_saga_ends_by_its_new_version(stage: Stage) -> None:
    out = stage.take(start(KEYS[0], order=1))
    stage.keep(out)
    saga = out.decided[0].state.saga
    new = msgspec.structs.replace(OLD, completed=())
    stage.keep(stage.take(define(new)))
    stage.keep(stage.take(move(saga, version(new))))
    end = Decisions("e", 0, -1)
    stage.desk.reply(reply(saga), 6, end)
    (decided,) = end.decided
    assert isinstance(decided.sealed.transition.facts[-1], Completed)


def test_a_move_of_nobodys_saga_is_a_dead_letter(stage: Stage) -> None:
    assert "has no saga" in letter(stage.take(move(4 << 10 | 2, version(OLD))))
    assert "data.version" in letter(stage.take(move(4 << 10 | 2, "x")))
