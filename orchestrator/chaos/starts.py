"""Which sagas are started and how often, and what is said to them: drawn from the seed. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from orchestrator.chaos.customers import Said, said
from orchestrator.chaos.plays import script
from orchestrator.chaos.shapes import Drawn

BASE_SHARE: Final = 0.35
FAILING: Final = 0.2
REPEATED: Final = 0.08
REPEATED_WITHIN_S: Final = 20.0

Inputs = Callable[[int, bool], Mapping[str, object]]
"""The input of the n-th saga of the application, and whether it is to fail."""


@dataclass(frozen=True)
class Start:
    """One saga to be started; ``door`` picks where. ``again_after``: seconds until the same start
    is made once more elsewhere (None: it is not). ``fails``: a saga of the application that is to
    fail. ``said``: the signals that it gets.
    """

    definition: str
    key: str
    input: Mapping[str, object]
    door: int
    again_after: float | None
    fails: bool = False
    said: tuple[Said, ...] = ()


class Starts:
    """The starts of a run: the n-th is a function of the seed."""

    def __init__(self, seed: int, drawn: Sequence[Drawn], base: str, inputs: Inputs) -> None:
        self._seed, self._drawn, self._base, self._inputs = seed, drawn, base, inputs

    def nth(self, number: int) -> Start:
        """The n-th start (from 1)."""
        dice = Random(f"{self._seed}/start/{number}")
        key = f"chaos-{number}"
        door = dice.randrange(1_000)
        again = dice.uniform(0, REPEATED_WITHIN_S) if dice.random() < REPEATED else None
        if dice.random() < BASE_SHARE:
            fails = dice.random() < FAILING
            return Start(self._base, key, self._inputs(number, fails), door, again, fails)
        drawn = dice.choice(self._drawn)
        given, told = script(drawn, dice), said(drawn, key, dice)
        return Start(drawn.name, key, given, door, again, said=told)
