"""Runs a process until it is told to stop, and sees to it that it then ends in time."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

from infra.telemetry import exporting
from infra.vital import VitalTaskDied
from orchestrator.bootstrap.collector import collect_rarely

STOP_WITHIN_S: Final = 10.0
FORCED: Final = 1


def run_until_told(main: Coroutine[Any, Any, int | None]) -> int:
    """Run until it returns or SIGTERM or SIGINT comes, which cancels it: it then cleans up.

    Returns the exit code: what it returned, 0 when it was told to stop. Raises what it raised, or
    VitalTaskDied when that has ended it: it cleans up then, too.

    A process that has not ended ten seconds later, or gets a second signal, ends at once; what was
    not finished is found in the log at the next start.
    """
    with exporting(), asyncio.Runner() as runner:
        return runner.run(_guarded(main))


async def _guarded(main: Coroutine[Any, Any, int | None]) -> int:
    loop = asyncio.get_running_loop()
    collect_rarely()
    end = _End(asyncio.ensure_future(main))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.told_to)
    loop.set_exception_handler(end.gone_wrong)
    try:
        return await end.task or 0
    except asyncio.CancelledError:
        if not end.near and end.task.cancelled():
            raise
        end.say_why()
        return 0
    except Exception as error:
        end.say_why(error)  # what is dead cannot be stopped well, and that is not the reason
        raise


class _End:
    """How a process comes to its end: ``task`` is cancelled, and has to clean up in time."""

    def __init__(self, task: "asyncio.Future[int | None]") -> None:
        self.task = task
        self.near = False
        self._died: VitalTaskDied | None = None

    def told_to(self) -> None:
        """A signal came; the second one ends it at once."""
        if self.near:
            os._exit(FORCED)
        self._begin()

    def gone_wrong(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The loop's exception handler: a task that it cannot go without ends it."""
        error = context.get("exception")
        if not isinstance(error, VitalTaskDied):
            loop.default_exception_handler(context)
        elif not self.near:
            self._died = error
            self._begin()

    def say_why(self, cleaning: Exception | None = None) -> None:
        """Raise VitalTaskDied where that has ended it; ``cleaning``: what then went wrong."""
        if self._died is not None:
            raise self._died from cleaning or self._died.__cause__

    def _begin(self) -> None:
        self.near = True
        self.task.get_loop().call_later(STOP_WITHIN_S, _give_up)
        self.task.cancel()


def _give_up() -> None:
    waited_for = {task.get_coro() for task in asyncio.all_tasks()}
    names = ", ".join(sorted(getattr(one, "__qualname__", "?") for one in waited_for))
    late = f"not stopped within {STOP_WITHIN_S:.0f} s, ending at once"
    print(f"saga: {late}; still under way: {names}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(FORCED)
