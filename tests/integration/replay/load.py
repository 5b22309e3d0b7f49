"""Sagas of every kind through the real runtime: completed, undone, and waiting for an answer."""

import asyncio
from typing import Any

from contracts.topics import DEFAULT_TENANT
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.rows import SagaRow
from tests.integration.runtime.stage import Participant, eventually, refuse, saga, step, succeed

WORK = saga(step("first"), step("second"))


def mixed(command: dict[str, Any]) -> dict[str, Any] | None:
    """By the number of the order: every third is refused, every other third is never answered."""
    match int(command["data"]["order"]) % 3:
        case 0:
            return refuse("second")(command)
        case 1 if command["step"] == "second":
            return None
        case _:
            return succeed(command)


async def begin(orchestrator: Orchestrator, first: int, count: int) -> list[SagaRow]:
    """Start sagas and wait until they are in the log."""

    async def one(order: int) -> SagaRow:
        key = f"key-{order}"
        await orchestrator.door.start("work", key, {"order": order})
        row = await orchestrator.wait(DEFAULT_TENANT, "work", key, 20)
        assert isinstance(row, SagaRow)
        return row

    return list(await asyncio.gather(*(one(order) for order in range(first, first + count))))


def settled(orchestrator: Orchestrator, work: Participant, count: int) -> bool:
    """Whether so many ``mixed`` sagas have come as far as they can."""
    waiting = {c["saga"] for c in work.commands if c["step"] == "second"}
    counts = orchestrator.reader.counts()
    third = count // 3
    return (
        counts == {"completed": third, "failed": third, "running": third} and len(waiting) == count
    )


async def run_mixed(orchestrator: Orchestrator, work: Participant, first: int, count: int) -> None:
    """``count`` more sagas after ``first``; returns when nothing more can happen."""
    await begin(orchestrator, first, count)
    await eventually(lambda: settled(orchestrator, work, first + count))
