"""How each step of a saga is to go, drawn from the seed and carried in the saga's input. Pure.

The words are those of the services that play (contracts/chaos.py).
"""

from collections.abc import Mapping
from random import Random
from typing import Final

from orchestrator.chaos.shapes import Drawn, Errand, Shape

YES: Final = "yes"
_BACK_MS: Final = 2_000
"""How long an undo of a whole child may take."""


def script(drawn: Drawn, dice: Random) -> dict[str, object]:
    """The input of one saga of this definition."""
    plays = dict(_plays(drawn, dice, refusing=True))
    if errand := drawn.errand:
        plays |= _plays_of(errand, dice)
    amount = dice.randint(1, 1_000)
    return {"amount": amount, **{name: play for name, play in plays.items() if play != YES}}


def play_of(given: Mapping[str, object], step: str, direction: str) -> str:
    """How the input says that a step is to go."""
    return str(given.get(f"{direction}_{step}", YES))


def _plays(drawn: Drawn, dice: Random, *, refusing: bool) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for name, step in drawn.steps.items():
        given[f"do_{name}"] = _do(step, dice)
        if step.kind == "compensatable":
            given[f"undo_{name}"] = _undo(step.timeout_ms, dice, refusing=refusing)
    return given


def _plays_of(errand: Errand, dice: Random) -> Mapping[str, str]:
    """Those of the saga within the saga. None of its undos is refused for ever: the outer one would
    wait with it for a person, and so for ever, too.
    """
    plays = _plays(errand.saga, dice, refusing=False)
    given = {f"{errand.name}_{name}": play for name, play in plays.items()}
    if errand.kind == "compensatable":
        given[f"undo_{errand.name}"] = _undo(_BACK_MS, dice, refusing=True)
    return given


def _do(step: Shape, dice: Random) -> str:
    roll = dice.random()
    hang = f":{step.timeout_ms * 13 // 10}" if step.timeout_ms <= 1_000 else ":400"
    if roll < 0.015:
        return f"hang{hang}"
    if roll < 0.07:
        return f"fail:{dice.choice((1, 1, 1, 2))}"
    if step.kind == "retriable" or step.must:
        return YES
    if roll < 0.11:
        return "no"
    if step.kind == "pivot":
        return YES
    if roll < 0.125:
        return "never"
    return f"hang-no{hang}" if roll < 0.13 else YES


def _undo(timeout_ms: int, dice: Random, *, refusing: bool) -> str:
    roll = dice.random()
    if roll < 0.02:
        return f"hang:{min(timeout_ms, 500) * 13 // 10}"
    if roll < 0.08:
        return f"fail:{dice.randint(1, 3)}"
    return "no" if refusing and roll < 0.1 else YES


def succeeds(play: str, attempts: int) -> bool:
    """Whether a command that goes like this can succeed within so many attempts (0: any)."""
    what, _, number = play.partition(":")
    if what == "fail":
        return attempts == 0 or int(number) < attempts
    return what in (YES, "hang")


def refuses(play: str) -> bool:
    """Whether it is refused."""
    return play == "no" or play.startswith("hang-no")


def fails(play: str, attempt: int) -> bool:
    """Whether this attempt (from 1) fails with an exception."""
    what, _, number = play.partition(":")
    return what == "never" or (what == "fail" and attempt <= int(number))
