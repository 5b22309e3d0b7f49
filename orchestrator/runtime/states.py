"""The states of one partition's sagas in memory: what is decided on, confirmed or not.

A state that rests on unconfirmed decisions is pinned; the others are a cache that may forget, for
any of them can be folded from SQLite again.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from orchestrator.engine.state import State

CAPACITY: Final = 10_000
Load = Callable[[int], State | None]


class States:
    """Newest states by saga id. ``load`` folds one from the file, None when there is no such
    saga.
    """

    def __init__(self, load: Load, capacity: int = CAPACITY) -> None:
        self._load = load
        self._capacity = capacity
        self._states: OrderedDict[int, State] = OrderedDict()
        self._pins: dict[int, int] = {}

    def get(self, saga: int) -> State | None:
        """The newest state of the saga, decisions under way included."""
        state = self._states.get(saga)
        if state is not None:
            self._states.move_to_end(saga)
            return state
        state = self._load(saga)
        if state is not None:
            self._states[saga] = state
            self._trim()
        return state

    def decided(self, state: State) -> None:
        """Take the state after a decision that is not confirmed yet."""
        saga = state.saga
        self._states[saga] = state
        self._states.move_to_end(saga)
        self._pins[saga] = self._pins.get(saga, 0) + 1

    def committed(self, saga: int) -> None:
        """One decision of this saga stands in SQLite now."""
        pins = self._pins.get(saga, 0) - 1
        if pins > 0:
            self._pins[saga] = pins
        else:
            self._pins.pop(saga, None)
            self._trim()

    def pinned(self, saga: int) -> bool:
        """Whether decisions of this saga are under way."""
        return saga in self._pins

    def clear(self) -> None:
        """Forget everything: the decisions under way were thrown away."""
        self._states.clear()
        self._pins.clear()

    def _trim(self) -> None:
        excess = len(self._states) - self._capacity
        if excess > 0:
            oldest = [saga for saga in self._states if saga not in self._pins][:excess]
            for saga in oldest:
                del self._states[saga]
