"""One process on one data folder: it is stopped with sagas in flight, and started again with a
changed definition (DESIGN laws 1 and 14).
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.topics import DEFAULT_TENANT
from infra.broker.settings import BrokerSettings
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Sent
from orchestrator.engine.rollouts import bucket
from orchestrator.engine.state import State
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.reader import Reader
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    TOPICS,
    Participant,
    eventually,
    participant,
    running,
    saga,
    step,
    succeed,
)

OLD: Final = saga(step("first"), step("second"))
NEW: Final = saga(step("first"), step("check"), step("second"))
STEPS: Final = {
    OLD.version: ["first", "second"],
    NEW.version: ["first", "check", "second"],
}
WAVE: Final = 20
HALF: Final = 5_000


async def start(orchestrator: Orchestrator, orders: Iterable[int]) -> None:
    """Publish these starts, and wait until they are in the log."""
    door, wanted = orchestrator.door, list(orders)
    before = sum(orchestrator.reader.counts().values())
    await asyncio.gather(*(door.start("work", f"key-{n}", {"order": n}) for n in wanted))
    await eventually(
        lambda: sum(orchestrator.reader.counts().values()) == before + len(wanted), 60.0
    )


async def rule(orchestrator: Orchestrator, share: int, at: int) -> None:
    """So many hundredths of a percent get the new version, whose definition is told before."""
    door, request = orchestrator.door, f"r-{at}"
    asked: dict[str, Any] = {"definition": "work", "at": str(at), "reason": "try it", "by": "ann"}
    asked |= {"base": OLD.version, "version": NEW.version, "share": share}
    for one in (OLD, NEW):
        await door.define(msgspec.to_builtins(one.definition), request=f"{request}/{one.version}")
    for _ in range(2):  # the second time is the same rule
        await door.roll_out(asked, request=request)
    partitions = range(door.partitions)
    await eventually(
        lambda: all(
            [one.request for one in orchestrator.reader.rollouts(p)].count(request) == 1
            for p in partitions
        )
    )


def versions(file: Path) -> dict[int, str]:
    """The version of each order's saga, which has completed by exactly the steps of it."""
    found: dict[int, str] = {}
    with Reader.open(file) as reader:
        for row in reader.list(DEFAULT_TENANT, limit=10_000):
            state: State | None = None
            for transition in reader.history(row.id):
                state = evolve(state, transition)
            assert state is not None
            assert (state.version, state.status) == (row.version, row.status)
            facts = [fact for told in reader.history(row.id) for fact in told.facts]
            asked = dict.fromkeys(fact.step for fact in facts if isinstance(fact, Sent))
            assert list(asked) == STEPS[row.version]
            number = int(row.key.removeprefix("key-"))
            assert number not in found
            found[number] = row.version
    return found


class Silence:
    """A participant that answers nothing before it is told to, then everything."""

    def __init__(self) -> None:
        self.over = False

    def __call__(self, command: dict[str, Any]) -> dict[str, Any] | None:
        return succeed(command) if self.over else None

    async def end(self, work: Participant) -> None:
        """Answer what has come meanwhile, each effect once."""
        self.over = True
        seen = {command["idempotencykey"]: command for command in list(work.commands)}
        for command in seen.values():
            await work.answer(command)


async def test_a_changed_definition_after_a_restart(
    any_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    """Running sagas finish on their version, new ones get that of the program or of the rule, and
    nothing is lost or doubled; another file made of the topic tells the same.
    """
    await make_topics(any_broker, TOPICS)
    silence, file = Silence(), tmp_path / "one" / "saga.db"
    async with participant(any_broker, silence) as work:
        async with running(any_broker, tmp_path / "one", OLD) as one:
            await start(one, range(WAVE))
            await eventually(lambda: len(work.commands) >= WAVE)
        async with running(any_broker, tmp_path / "one", NEW) as one:
            await start(one, range(WAVE, 2 * WAVE))
            await silence.end(work)
            await rule(one, HALF, 1)
            await start(one, range(2 * WAVE, 3 * WAVE))
        async with running(any_broker, tmp_path / "one", NEW) as one:
            await start(one, range(3 * WAVE, 4 * WAVE))  # the rule is in force after a restart
            await rule(one, 0, 2)
            await start(one, range(4 * WAVE, 5 * WAVE))
            await eventually(lambda: one.reader.counts() == {"completed": 5 * WAVE}, 60.0)
    got = versions(file)
    effects = {command["idempotencykey"] for command in work.commands}
    assert len(effects) == sum(len(STEPS[version]) for version in got.values())
    assert sorted(got) == list(range(5 * WAVE))
    for n, version in got.items():
        new = n >= WAVE
        if n >= 2 * WAVE:
            new = bucket(DEFAULT_TENANT, "work", f"key-{n}") < (HALF if n < 4 * WAVE else 0)
        assert version == (NEW if new else OLD).version, n
    assert {got[n] for n in range(3 * WAVE, 4 * WAVE)} == {OLD.version, NEW.version}
    async with running(any_broker, tmp_path / "two") as two:
        await eventually(lambda: two.reader.counts() == {"completed": 5 * WAVE})
    assert not differences(file, tmp_path / "two" / "saga.db")
