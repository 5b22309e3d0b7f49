"""Holds the inputs of a partition back while they come faster than they are worked off."""

from orchestrator.runtime.services import REPLIES, REQUESTS, Inputs


class Valve:
    """Both inputs of one partition, held or not. Replies are never held for what is out with the
    participants: they are what it waits for."""

    def __init__(self, partition: int, inputs: Inputs) -> None:
        self._partition = partition
        self._inputs = inputs
        self._held = (False, False)

    def opened(self) -> None:
        """The inputs were opened or closed by other means: nothing is held."""
        self._held = (False, False)

    def set(self, backlog_full: bool, too_much_out: bool) -> None:
        """Hold or let go, by what is decided and not done yet, and by what is out with the
        participants."""
        wanted = (backlog_full or too_much_out, backlog_full)
        for source in (REQUESTS, REPLIES):
            if wanted[source] != self._held[source]:
                self._inputs.hold(self._partition, source, wanted[source])
        self._held = wanted
