"""What a run came to."""

import msgspec


class Report(msgspec.Struct, frozen=True):
    """One run. ``stillest_s``: the longest time in which no open saga moved; ``fallen``: processes
    that ended though nobody had killed them; ``settled_s``: from the last blow to the end of the
    last saga.
    """

    seed: int
    seconds: float
    definitions: int
    sagas: int
    ends: dict[str, int]
    transitions: int
    blows: dict[str, int]
    repeated_starts: int
    retried_starts: int
    repeated_messages: int
    stillest_s: float
    settled_s: float
    differences: list[str]

    @property
    def ok(self) -> bool:
        """Whether everything adds up."""
        return not self.differences
