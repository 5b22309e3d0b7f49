"""Calling a handler, be it a function or a coroutine function."""

import asyncio
from typing import Any

from services.participant.errors import ParticipantError
from services.participant.participant import CommandHandler, EventHandler
from services.participant.work import Work


class HandlerCancelled(ParticipantError):
    """What the handler waited for was cancelled."""


async def call(
    handler: CommandHandler | EventHandler, message: Any, work: Work, within_s: float
) -> Any:
    """What the handler returns. Raises what it raises, and TimeoutError when a coroutine function
    takes longer than ``within_s`` seconds.
    """
    if not handler.waits:
        return handler.function(message, work)
    try:
        async with asyncio.timeout(within_s):
            return await handler.function(message, work)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # The handler's own affair: it must not pass for the end of the participant.
        raise HandlerCancelled from error
