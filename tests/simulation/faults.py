"""What goes wrong in a world, drawn from its seed.

Each seed has only some kinds of faults (swarm testing, Groce et al. 2012): all of them together
would hide each other, as a broker that is always down hides what a paused owner does.
"""

import random
from dataclasses import dataclass

from tests.simulation.weather import Weather
from tests.simulation.works.participant import Manners

KINDS = (
    "crash",
    "service-crash",
    "pause",
    "service-pause",
    "broker-down",
    "power-cut",
    "rebalance",
    "clock",
    "disk",
    "restart",
    "cut-off",
    "duplicates",
    "poison",
    "offsets",
    "lost",
    "stuck",
    "slow",
    "refusals",
    "breaks",
    "hangs",
    "lost-topics",
)
USES = ("waits", "children", "changes", "deadlines", "progress", "cancels", "operator")
"""What the sagas are made of, and what they are told."""


@dataclass(frozen=True)
class Fault:
    """At ``at`` seconds, for ``lasts`` seconds, to process ``whom`` (an index)."""

    at: float
    kind: str
    whom: int
    lasts: float


@dataclass(frozen=True)
class Fate:
    """All that is drawn before the world begins."""

    orchestrators: int
    partitions: int
    orders: bool
    sagas: int
    horizon_s: float
    kinds: frozenset[str]
    faults: tuple[Fault, ...]
    weather: Weather
    manners: Manners


_TIMED = {
    "crash": (0.3, 8.0),
    "service-crash": (0.2, 4.0),
    "pause": (0.5, 25.0),
    "service-pause": (0.3, 12.0),
    "broker-down": (0.3, 14.0),
    "power-cut": (0.3, 6.0),
    "rebalance": (0.0, 0.0),
    "clock": (0.0, 0.0),
    "disk": (0.5, 6.0),
    "restart": (0.0, 0.0),
    "cut-off": (0.5, 20.0),
    "duplicates": (0.0, 0.0),
    "poison": (0.0, 0.0),
    "offsets": (0.0, 0.0),
    "lost-topics": (0.5, 6.0),
}


def fate(chance: random.Random) -> Fate:
    """Draw it."""
    kinds = frozenset(kind for kind in KINDS if chance.random() < 0.3)
    if chance.random() < 0.05:
        kinds = frozenset()
    orchestrators = chance.choice((1, 2, 2, 3))
    if orchestrators > 1:  # with several it is a person who says which file is the best one
        kinds -= {"lost-topics"}
    horizon_s = chance.uniform(4.0, 20.0)
    timed = sorted(kind for kind in kinds if kind in _TIMED)
    faults = [
        _fault(chance, chance.choice(timed), horizon_s)
        for _ in range(chance.randint(2, 12) if timed else 0)
    ]
    faults.sort(key=lambda fault: fault.at)
    return Fate(
        orchestrators=orchestrators,
        partitions=chance.choice((1, 2, 2, 3)),
        orders=chance.random() < 0.25,
        sagas=chance.randint(2, 16),
        horizon_s=horizon_s,
        kinds=kinds | {use for use in USES if chance.random() < 0.4},
        faults=tuple(faults),
        weather=_weather(chance, kinds),
        manners=_manners(chance, kinds),
    )


def _fault(chance: random.Random, kind: str, horizon_s: float) -> Fault:
    least, most = _TIMED[kind]
    lasts = least + (most - least) * chance.random() ** 2
    return Fault(chance.uniform(0.0, horizon_s), kind, chance.randrange(100), lasts)


def _weather(chance: random.Random, kinds: frozenset[str]) -> Weather:
    weather = Weather(slow_s=chance.choice((0.001, 0.005, 0.03)))
    if "slow" in kinds:
        weather.slow_s = chance.uniform(0.03, 0.25)
        weather.spike, weather.spike_s = 0.03, chance.uniform(0.3, 3.0)
    if "lost" in kinds:
        weather.lost_request = chance.uniform(0.0, 0.02)
        weather.lost_answer = chance.uniform(0.0, 0.04)
        weather.refused = chance.uniform(0.0, 0.02)
    if "stuck" in kinds:
        weather.stuck = chance.uniform(0.002, 0.02)
    return weather


def _manners(chance: random.Random, kinds: frozenset[str]) -> Manners:
    return Manners(
        refuses=chance.uniform(0.05, 0.3) if "refusals" in kinds else 0.0,
        breaks=chance.uniform(0.05, 0.3) if "breaks" in kinds else 0.0,
        dawdles=chance.uniform(0.05, 0.3) if "hangs" in kinds else 0.0,
        longest_s=chance.uniform(0.5, 8.0),
    )
