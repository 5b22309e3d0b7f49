"""Tasks that a process cannot go without: when one ends by an error, the process is to end.

Such a task dies in silence otherwise, for nobody awaits it while it is well: what needs it then
waits for ever, on a broker that works (seen in thirty minutes of chaos, ADR 0010). Nothing is
mended from outside. The loop's exception handler is told, that of `run_until_told` ends the
process, and one that starts again finds everything in its log (DESIGN law 12).
"""

import asyncio
from typing import Any


class VitalTaskDied(Exception):
    """A task that this process cannot go without has ended by an error, its cause."""


def vital(task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
    """Watch it, and return it: the loop is told `VitalTaskDied` when it ends by an error."""
    task.add_done_callback(_ended)
    return task


def _ended(task: "asyncio.Task[Any]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is None:  # it was stopped
        return
    died = VitalTaskDied(f"{task.get_name()}: {type(error).__name__}: {error}")
    died.__cause__ = error
    task.get_loop().call_exception_handler(
        {"message": "a vital task died", "exception": died, "task": task}
    )
