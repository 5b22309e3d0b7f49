"""Holds the inputs of a partition back while they come faster than they are confirmed."""

from typing import Final

from orchestrator.runtime.services import REPLIES, REQUESTS, Inputs

MAX_UNDER_WAY: Final = 64
"""Runs decided and not yet committed; beyond that both inputs wait until half of them are."""


class Valve:
    """Both inputs of one partition, held or not. Replies are never held for what is out: they are
    what it waits for."""

    def __init__(self, partition: int, inputs: Inputs) -> None:
        self._partition = partition
        self._inputs = inputs
        self._held = (False, False)

    def opened(self) -> None:
        """The inputs were opened or closed by other means: nothing is held."""
        self._held = (False, False)

    def set(self, under_way: int, too_much_out: bool) -> None:
        """Hold or let go, by the runs under way, and whether too much is out."""
        most = MAX_UNDER_WAY // 2 if self._held[REPLIES] else MAX_UNDER_WAY
        replies = under_way > most
        wanted = (replies or too_much_out, replies)
        for source in (REQUESTS, REPLIES):
            if wanted[source] != self._held[source]:
                self._inputs.hold(self._partition, source, wanted[source])
        self._held = wanted
