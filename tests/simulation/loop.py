"""An event loop on which time passes only when nothing is left to do, and processes that can be
paused and killed.

Every callback belongs to the node (simulated process) in whose context it was scheduled. A paused
node's callbacks wait, a dead node's never run: as after SIGKILL, not even ``finally`` is reached.
"""

# A loop is made of asyncio's own insides; of transports it needs none.
# pylint: disable=protected-access,abstract-method,attribute-defined-outside-init
import asyncio
import contextvars
import heapq
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

MAX_STEPS = 3_000_000
EPOCH_MS = 1_700_000_000_000


class Stalled(Exception):
    """Nothing will ever happen again, or something happens for ever at the same moment."""


class Node:
    """One simulated process: ``alive`` ends with it, ``paused`` comes and goes."""

    def __init__(self, loop: "SimLoop", name: str) -> None:
        self.name = name
        self.alive = True
        self.paused = False
        self.cut_off = False  # the network between this node and the broker is gone
        self.wall_ms = 0  # by how much its wall clock is wrong
        self._loop = loop
        self._backlog: list[Any] = []
        self.context = contextvars.copy_context()
        self.context.run(_NODE.set, self)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Run it in this process."""
        return self.context.run(self._loop.create_task, work)

    def pause(self) -> None:
        """As SIGSTOP."""
        self.paused = True

    def resume(self) -> None:
        """As SIGCONT: everything that has come due meanwhile happens now."""
        self.paused = False
        waiting, self._backlog = self._backlog, []
        self._loop.take_up(waiting)

    def kill(self) -> None:
        """As SIGKILL."""
        self.alive = False
        self._backlog.clear()
        self._loop.bury()

    def hold(self, handle: Any) -> None:
        """Keep what is due until the node goes on."""
        self._backlog.append(handle)

    # the Clock of this process (infra.clock)

    def now_ms(self) -> int:
        """Its wall clock in Unix milliseconds."""
        return EPOCH_MS + self.wall_ms + int(self._loop.time() * 1_000)

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._loop.time()


_NODE: contextvars.ContextVar[Node | None] = contextvars.ContextVar("node", default=None)


def current_node() -> Node | None:
    """The process that runs now."""
    return _NODE.get()


class _Handle(asyncio.Handle):
    __slots__ = ("node",)


class _Timer(asyncio.TimerHandle):
    __slots__ = ("node",)


# asyncio and the product keep tasks and futures in sets. Hashed by address they would come out in
# another order each time; numbered, the order follows from the seed.
class _Task(asyncio.Task[Any]):
    def __init__(self, coro: Any, *, number: int, **options: Any) -> None:
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._number


class _Future(asyncio.Future[Any]):
    def __init__(self, *, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class SimLoop(asyncio.BaseEventLoop):
    """Callbacks in the order asyncio promises; the clock jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self._now = 0.0
        self._timers: list[tuple[float, int, _Timer]] = []
        self._numbers = count(1)
        self._dead: list[asyncio.Task[Any]] = []
        self.set_task_factory(self._make_task)
        self.errors: list[str] = []
        self.set_exception_handler(self._report)

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._now

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> _Handle:
        """As asyncio's."""
        context = context or contextvars.copy_context()
        handle = _Handle(callback, args, self, context)
        handle.node = context.get(_NODE)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]  # there are no threads

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> _Timer:
        """As asyncio's, in virtual time."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> _Timer:
        """As asyncio's, in virtual time."""
        context = context or contextvars.copy_context()
        timer = _Timer(when, callback, args, self, context)
        timer.node = context.get(_NODE)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def create_future(self) -> Any:
        """As asyncio's."""
        return _Future(number=next(self._numbers), loop=self)

    def take_up(self, handles: list[Any]) -> None:
        """These are due now."""
        self._ready.extend(handles)

    def bury(self) -> None:
        """Tasks that will never go on are kept, or they would run their ``finally`` when freed."""
        self._dead += asyncio.all_tasks(self)

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run to its end; what is left of all processes is dropped where it stands."""
        try:
            return self.run_until_complete(main())
        finally:
            self.bury()
            for task in self._dead:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
            self._timers.clear()
            self.close()

    def _make_task(self, _: Any, coro: Any, **options: Any) -> _Task:
        return _Task(coro, number=next(self._numbers), loop=self, **options)

    def _report(self, _: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.errors.append(f"{context.get('message')}: {error!r}")

    def _timer_handle_cancelled(self, _: Any) -> None:
        """It is skipped when its turn comes."""

    def _write_to_self(self) -> None:
        """Nobody else runs this loop."""

    def _run_once(self) -> None:
        ready = self._ready
        if not ready:
            self._advance()
        while ready and not self._stopping:
            handle = ready.popleft()
            if handle._cancelled:
                continue
            node = handle.node
            if node is not None:
                if not node.alive:
                    continue
                if node.paused:
                    node.hold(handle)
                    continue
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Stalled(f"{self.steps} steps at {self._now:.3f} s")
            handle._run()

    def _advance(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not timers:
            raise Stalled(f"nothing is left to do at {self._now:.3f} s")
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(timers)[2])  # type: ignore[arg-type]
