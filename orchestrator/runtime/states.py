"""The states of sagas in memory: what is decided on, confirmed or not.

A state that rests on unconfirmed decisions is held by its partition. All others lie on one shelf
for the whole process, which may forget them: any can be folded from SQLite again, in about the
time of one query. So memory does not grow with the number of open sagas.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from contracts.topics import partition_of_saga
from orchestrator.engine.state import State

CAPACITY: Final = 5_000
"""States on the shelf: about 2 KB each with four steps (10 MB in all)."""
Load = Callable[[int], State | None]


class Shelf:
    """Confirmed states of open sagas, of all partitions of a process: those that were used last."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._states: OrderedDict[int, State] = OrderedDict()

    def __len__(self) -> int:
        """How many it holds."""
        return len(self._states)

    def get(self, saga: int) -> State | None:
        """The state, if it is still here."""
        state = self._states.get(saga)
        if state is not None:
            self._states.move_to_end(saga)
        return state

    def put(self, state: State) -> None:
        """Keep it for a while; what has ended is hardly asked for again, and is not kept."""
        if state.open:
            self._states[state.saga] = state
            self._states.move_to_end(state.saga)
            if len(self._states) > self._capacity:
                self._states.popitem(last=False)

    def drop(self, saga: int) -> None:
        """A newer state of this saga is held elsewhere."""
        self._states.pop(saga, None)

    def forget(self, partition: int) -> None:
        """Somebody else may have written this partition."""
        for saga in [saga for saga in self._states if partition_of_saga(saga) == partition]:
            del self._states[saga]


class States:
    """Newest states of one partition by saga id. ``load`` folds one from the file, None when there
    is no such saga.
    """

    def __init__(self, load: Load, shelf: Shelf, partition: int) -> None:
        self._load = load
        self._shelf = shelf
        self._partition = partition
        self._newest: dict[int, State] = {}
        self._pins: dict[int, int] = {}

    def get(self, saga: int) -> State | None:
        """The newest state of the saga, decisions under way included."""
        state = self._newest.get(saga) or self._shelf.get(saga)
        if state is None:
            state = self._load(saga)
            if state is not None:
                self._shelf.put(state)
        return state

    def decided(self, state: State) -> None:
        """Take the state after a decision that is not confirmed yet."""
        saga = state.saga
        self._shelf.drop(saga)
        self._newest[saga] = state
        self._pins[saga] = self._pins.get(saga, 0) + 1

    def committed(self, saga: int) -> None:
        """One decision of this saga stands in SQLite now."""
        pins = self._pins.pop(saga, 0) - 1
        if pins > 0:
            self._pins[saga] = pins
        elif saga in self._newest:
            self._shelf.put(self._newest.pop(saga))

    def pinned(self, saga: int) -> bool:
        """Whether decisions of this saga are under way."""
        return saga in self._pins

    def clear(self) -> None:
        """Forget everything: the decisions under way were thrown away."""
        self._newest.clear()
        self._pins.clear()
        self._shelf.forget(self._partition)
