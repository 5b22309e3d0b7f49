"""What takes time, for one partition: tasks that fail into an event and end with it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from infra.broker.errors import BrokerError
from infra.broker.types import KafkaError
from infra.logging import get_logger
from orchestrator.runtime.errors import RuntimeFailure
from orchestrator.sagalog.errors import SagaLogError

_EXPECTED: Final = (KafkaError, BrokerError, SagaLogError, RuntimeFailure, OSError)
AGAIN_S: Final = 0.5
_log = get_logger(__name__)


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended: a cancellation can get lost on its way (Python 3.11)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)


class Tasks:
    """``failing`` is asked when a task begins, and what it returns is told why the task failed."""

    def __init__(self, name: str, failing: Callable[[], Callable[[str], None]]) -> None:
        self._name = name
        self._failing = failing
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it; whatever goes wrong is told."""
        if self._closed:
            work.close()
            return
        failed = self._failing()

        async def run() -> None:
            try:
                await work
            except _EXPECTED as error:
                failed(f"{type(error).__name__}: {error}")
            except Exception as error:  # pylint: disable=broad-exception-caught
                _log.exception("a task failed", task=self._name)
                failed(f"{type(error).__name__}: {error}")

        task = asyncio.create_task(run(), name=self._name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def cancel(self) -> None:
        """End all, but not the one that asks for it."""
        for task in self._running - {asyncio.current_task()}:
            task.cancel()

    def close(self) -> None:
        """End all, and start none any more."""
        self._closed = True
        self.cancel()
