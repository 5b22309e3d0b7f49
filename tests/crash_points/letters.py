"""Messages that nobody can read, put to the dead letters and sent again (law 8)."""

import asyncio

from contracts.topics import REPLIES, commands_topic
from infra.boundaries import OUTSIDE
from infra.broker.types import Record
from tests.broker_tools import sending
from tests.crash_points.stage import OTHERS, Stage
from tests.crash_points.traffic import at_payment, pay


async def poisoned_replies(stage: Stage, point: str) -> None:
    """Replies that nobody can read; the orchestrator dies putting them to the dead letters."""
    await at_payment(stage)
    await stage.stop("orchestrator")
    await _poison(stage, REPLIES)
    stage.orchestrator(point)
    pay(stage)
    await stage.died("orchestrator", point)
    stage.orchestrator()
    await stage.ended()
    await stage.letters(1)


async def poisoned_commands(stage: Stage, point: str) -> None:
    """Commands that nobody can read; the services die putting them to the dead letters."""
    await at_payment(stage)
    await stage.stop("services")
    await _poison(stage, commands_topic("inventory"))
    stage.services(*OTHERS, point=point)
    pay(stage)
    await stage.died("services", point)
    stage.services(*OTHERS)
    await stage.ended()
    await stage.letters(1)


async def redriven(stage: Stage, point: str) -> None:
    """A dead letter is sent again over HTTP; the orchestrator dies doing it, and is asked again."""
    await at_payment(stage)
    await _poison(stage, REPLIES)
    await stage.letters(1)
    await stage.stop("orchestrator")
    stage.orchestrator(point)
    asking = asyncio.create_task(_redrive(stage))
    try:
        await stage.died("orchestrator", point)
    finally:
        asking.cancel()
    stage.orchestrator()
    pay(stage)
    await _redrive(stage)
    await stage.ended()


async def _redrive(stage: Stage) -> None:
    """Until it was sent again, or is known to have been."""
    while True:
        found = await stage.http("GET", "/dead-letters?all=true")
        letters = found.json()["items"] if found is not None and found.is_success else []
        if letters:
            oldest = letters[-1]["id"]
            answer = await stage.http("POST", f"/dead-letters/{oldest}/redrive")
            if answer is not None and answer.status_code in (202, 409):
                return
        await asyncio.sleep(0.1)


async def _poison(stage: Stage, topic: str) -> None:
    async with sending(stage.broker) as sender:
        await sender.submit(stage.broker.topic(topic), 0, [Record(None, b"\xff{")], OUTSIDE)
