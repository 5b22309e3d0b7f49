"""What is killed or frozen when, and for how long, drawn from the seed. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

Kind = Literal["orchestrator", "service", "broker", "freeze"]

APART_S: Final = (5.0, 30.0)
DOWN_S: Final = (0.2, 5.0)
FROZEN_S: Final = (11.5, 16.0)
"""Longer than the session of the group (infra/broker/clients.py): another one takes over."""

_KINDS: Final[tuple[Kind, ...]] = ("orchestrator", "service", "broker", "freeze")
_WEIGHTS: Final = (35, 30, 20, 15)
_TWICE: Final = 0.15
BROKER: Final[Kind] = "broker"


@dataclass(frozen=True)
class Blow:
    """At ``at`` seconds: ``victim`` is killed (or frozen), and is back after ``down`` seconds."""

    at: float
    kind: Kind
    victim: str
    down: float


def blows(
    seed: int, seconds: float, orchestrators: Sequence[str], services: Sequence[str]
) -> Iterator[Blow]:
    """Every 5 to 30 s one, sometimes two at once, until so many seconds have passed. Where there is
    any, one of them is the broker.
    """
    dice = Random(f"{seed}/blows")
    found = list(_drawn(dice, seconds, orchestrators, services))
    if found and all(blow.kind != BROKER for blow in found):
        place = dice.randrange(len(found))
        found[place] = Blow(found[place].at, BROKER, BROKER, dice.uniform(*DOWN_S))
    return iter(found)


def _drawn(
    dice: Random, seconds: float, orchestrators: Sequence[str], services: Sequence[str]
) -> Iterator[Blow]:
    victims = {
        "orchestrator": tuple(orchestrators),
        "service": tuple(services),
        "broker": (BROKER,),
        "freeze": tuple(orchestrators),
    }
    at = 0.0
    while (at := at + dice.uniform(*APART_S)) < seconds:
        hit: set[str] = set()
        for _ in range(2 if dice.random() < _TWICE else 1):
            kind = dice.choices(_KINDS, _WEIGHTS)[0]
            victim = dice.choice(victims[kind])
            if victim not in hit:
                hit.add(victim)
                down = dice.uniform(*(FROZEN_S if kind == "freeze" else DOWN_S))
                yield Blow(at, kind, victim, down)
