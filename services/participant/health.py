"""How a running participant fares, as plain data."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Health:
    """``ready`` when it takes commands and answers them; ``reasons`` say why not.

    ``lag``: records read or waiting that are not settled yet, as far as it is known; ``counts``:
    what became of messages since the start, by name (succeeded, refused, repeated, expired,
    dead_letters, ...).
    """

    name: str
    reasons: tuple[str, ...]
    lag: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def ready(self) -> bool:
        """Whether there is no reason not to be."""
        return not self.reasons

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "name": self.name,
            "ready": self.ready,
            "reasons": list(self.reasons),
            "lag": self.lag,
            "counts": dict(self.counts),
        }
