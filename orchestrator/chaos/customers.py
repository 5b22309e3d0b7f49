"""What customers say to the sagas they have started, drawn from the seed: yes or no where they are
asked, another amount, stop. Some of it comes twice, contradicts itself, or comes too late. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from orchestrator.chaos.shapes import Drawn

APPROVE: Final = "approve"
REPRICE: Final = "reprice"
CANCEL: Final = "cancel"

_NOBODY: Final = 0.3
"""So often nobody answers a wait, and its time decides."""
_YES: Final = 0.8
_REPRICED: Final = 0.45
_CANCELLED: Final = 0.1
_TWICE: Final = 0.2
_TWICE_WITHIN_S: Final = 8.0
_ASKED_S: Final = (0.05, 1.0, 3.0)
"""Who is not asked yet is told so, and says it again: so long after the start."""
_LATE: Final = 0.05
_LATE_S: Final = (8.0, 20.0)


@dataclass(frozen=True)
class Said:
    """A signal, so many seconds after its saga was taken; ``door`` picks where. ``again_after``:
    after so many more it is said once more elsewhere (None: it is not).
    """

    id: str
    signal: str
    after: float
    door: int
    again_after: float | None
    data: Mapping[str, object] = field(default_factory=dict[str, object])


def said(drawn: Drawn, key: str, dice: Random) -> tuple[Said, ...]:
    """What is said to the saga with this key."""
    spoken = _spoken(drawn, dice)
    return tuple(
        _signal(f"{key}/{number}", signal, after, data, dice)
        for number, (signal, after, data) in enumerate(spoken, 1)
    )


def _spoken(drawn: Drawn, dice: Random) -> Iterator[tuple[str, float, Mapping[str, object]]]:
    if drawn.wait and dice.random() >= _NOBODY:
        for latest in _ASKED_S:
            yield APPROVE, dice.uniform(0, latest), {"approved": dice.random() < _YES}
    if drawn.redo and dice.random() < _REPRICED:
        for _ in range(dice.choice((1, 1, 2))):
            yield REPRICE, dice.uniform(0, 2), {"new_amount": dice.randint(1, 1_000)}
    if dice.random() < _CANCELLED:
        yield CANCEL, dice.uniform(0, 3), {}


def _signal(
    identity: str, signal: str, after: float, data: Mapping[str, object], dice: Random
) -> Said:
    if dice.random() < _LATE:
        after = dice.uniform(*_LATE_S)
    again = dice.uniform(0, _TWICE_WITHIN_S) if dice.random() < _TWICE else None
    return Said(identity, signal, after, dice.randrange(1_000), again, data)
