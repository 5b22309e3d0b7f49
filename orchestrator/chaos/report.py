"""What a run came to."""

import msgspec


class Report(msgspec.Struct, frozen=True):
    """One run. ``sagas``: how many were asked for; ``ends`` counts those that they began, too.
    ``decided``: what became of how many ``signals``. ``blows`` and ``recovered_s`` by kind: how
    many, and the longest time from the victim's return to the next move of any saga;
    ``stillest_s``: the longest time in which no open saga moved; ``settled_s``: from the end of the
    load to the end of the last saga.
    """

    seed: int
    seconds: float
    definitions: int
    sagas: int
    ends: dict[str, int]
    transitions: int
    blows: dict[str, int]
    signals: int
    decided: dict[str, int]
    repeated: int
    retried: int
    repeated_messages: int
    recovered_s: dict[str, float]
    stillest_s: float
    settled_s: float
    differences: list[str]

    @property
    def ok(self) -> bool:
        """Whether everything adds up."""
        return not self.differences
