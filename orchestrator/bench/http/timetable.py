"""What is asked when: drawn once, from a seed, before anything is asked."""

import random
from typing import Final, Literal, NamedTuple

Kind = Literal["start", "status", "signal", "health"]
KINDS: Final[tuple[Kind, ...]] = ("start", "status", "signal", "health")
LATER_S: Final = (0.2, 4.0)
"""When an order is looked at, or told something, after its start: in each of its steps."""
HEALTH_EVERY_S: Final = 0.1


class Due(NamedTuple):
    """One request: when (seconds from the beginning), what, and about which order."""

    at: float
    kind: Kind
    number: int


def timetable(rate: float, seconds: float, signals: float, chance: random.Random) -> list[Due]:
    """Starts come independently of each other, ``rate`` a second on average (a Poisson process);
    every order is looked at once, and every ``signals``-th part of them is told something.

    In order of time; what comes later than ``seconds`` is left out.
    """
    found = [Due(n * HEALTH_EVERY_S, "health", 0) for n in range(int(seconds / HEALTH_EVERY_S))]
    at, number = chance.expovariate(rate), 1
    while at < seconds:
        found.append(Due(at, "start", number))
        found.append(Due(at + chance.uniform(*LATER_S), "status", number))
        if chance.random() < signals:
            found.append(Due(at + chance.uniform(*LATER_S), "signal", number))
        at, number = at + chance.expovariate(rate), number + 1
    return sorted(due for due in found if due.at < seconds)
