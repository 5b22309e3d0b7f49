"""Definitions, rollouts, starts, moves and replies in any order: the file, a file made from the
topic and a topic filled from the file say the same, and the next start gets the same version by
each (law 14).
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import event, given, settings
from hypothesis import strategies as st

from orchestrator.definition.nodes import version
from orchestrator.runtime.decisions import Decisions
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.follow import Follower
from orchestrator.sagalog.records import Claim, encode_record
from orchestrator.sagalog.rows import HeldTransition
from orchestrator.sagalog.store import SagaLog
from tests.unit.runtime.test_desk import reply
from tests.versions import (
    KEYS,
    NEW,
    OLD,
    PLACE,
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

THIRD = msgspec.structs.replace(OLD, body=(*OLD.body, step("c")))
VERSIONS = (OLD, NEW, THIRD)
CLAIM = encode_record(Claim("log", "e", 1, "somebody"))

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("define"), st.integers(0, 2)),
        st.tuples(
            st.just("rule"),
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(0, 10_000),
            st.integers(1, 5),
        ),
        st.tuples(st.just("off"), st.integers(1, 5)),
        st.tuples(st.just("start"), st.integers(0, 9)),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 2)),
        st.tuples(st.just("reply"), st.integers(0, 9)),
        st.tuples(st.just("successor")),
    ),
    max_size=25,
)


def record(action: tuple[Any, ...], number: int) -> Any:
    """The request of an action, the ``number``-th."""
    match action:
        case ("define", which):
            return define(VERSIONS[which])
        case ("rule", base, new, share, at):
            wanted = {"base": version(VERSIONS[base]), "version": version(VERSIONS[new])}
            return rule(f"r-{number}", at, share=share, **wanted)
        case ("off", at):
            data = {"definition": OLD.name, "at": str(at), "reason": "r", "by": "b", "off": True}
            return message("saga.rollout", f"r-{number}", data=data)
        case ("start", key):
            return start(KEYS[key], order=key, note="n")
        case (_, saga, which):
            return move((saga + 1) << 10 | PLACE, version(VERSIONS[which]), f"m-{number}")


def play(stage: Stage, actions: list[tuple[Any, ...]]) -> Stage:
    """Everything happens; what is decided is written at once."""
    for number, action in enumerate(actions):
        if action == ("successor",):
            stage = succeeded(stage)
            continue
        out = Decisions("e", stage.offset, -1)
        if action[0] == "reply":
            stage.desk.reply(reply((action[1] + 1) << 10 | PLACE), 6, out)
        else:
            stage.desk.request(record(action, number), 5, out)
        stage.keep(out)
    return stage


def succeeded(stage: Stage) -> Stage:
    """Another process owns the partition; its program has the new version."""
    later = Stage(stage.log, program(NEW, NewOrder))
    later.offset, later.records = stage.offset, stage.records
    return later


def rebuilt(log: SagaLog, records: list[bytes]) -> SagaLog:
    """What a topic of these records makes of an empty file."""
    Follower(log).apply(PLACE, enumerate([CLAIM, *records]))
    return log


def refilled(log: SagaLog) -> list[bytes]:
    """What an empty topic is filled with from this file."""
    log.displace(PLACE, 0)
    out = Decisions("e", 0, -1)
    for held in log.displaced(PLACE):
        saga = held.sealed.transition.saga if isinstance(held, HeldTransition) else None
        out.again(held, None if saga is None else log.state(saga))
    return [one.value or b"" for one in out.records]


def versions_of_starts(log: SagaLog) -> Iterator[str]:
    """The version that each next start would get."""
    stage = Stage(log, program())
    for key in KEYS[20:60]:
        for decided in stage.take(start(key, order=1, note="n")).decided:
            yield decided.state.version


@settings(max_examples=30)
@given(ACTIONS)
def test_either_store_may_be_lost(actions: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        logs = [stack.enter_context(SagaLog.open(Path(folder) / name)) for name in ("a", "b", "c")]
        stage = play(Stage(logs[0], program()), actions)
        rebuilt(logs[1], stage.records)
        assert not differences(logs[0].file, logs[1].file)
        rebuilt(logs[2], refilled(logs[1]))
        assert not differences(logs[0].file, logs[2].file)
        event(f"rollouts: {len(logs[0].rollouts(PLACE))}")
        expected = list(versions_of_starts(logs[0]))
        assert list(versions_of_starts(logs[1])) == expected
        assert list(versions_of_starts(logs[2])) == expected
