"""Runs a process until it is told to stop, and sees to it that it then ends in time."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

from infra.telemetry import exporting
from orchestrator.bootstrap.collector import collect_rarely

STOP_WITHIN_S: Final = 10.0
FORCED: Final = 1


def run_until_told(main: Coroutine[Any, Any, int | None]) -> int:
    """Run until it returns or SIGTERM or SIGINT comes, which cancels it: it then cleans up.

    Returns the exit code: what it returned, 0 when it was told to stop.

    A process that has not ended ten seconds later, or gets a second signal, ends at once; what was
    not finished is found in the log at the next start.
    """
    with exporting(), asyncio.Runner() as runner:
        return runner.run(_guarded(main))


async def _guarded(main: Coroutine[Any, Any, int | None]) -> int:
    loop = asyncio.get_running_loop()
    collect_rarely()
    task = asyncio.ensure_future(main)
    told = False

    def stop() -> None:
        nonlocal told
        if told:
            os._exit(FORCED)
        told = True
        loop.call_later(STOP_WITHIN_S, _give_up)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        return await task or 0
    if not told and task.cancelled():
        raise asyncio.CancelledError
    return 0


def _give_up() -> None:
    waited_for = {task.get_coro() for task in asyncio.all_tasks()}
    names = ", ".join(sorted(getattr(one, "__qualname__", "?") for one in waited_for))
    late = f"not stopped within {STOP_WITHIN_S:.0f} s, ending at once"
    print(f"saga: {late}; still under way: {names}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(FORCED)
