"""How each step of a saga is to go, drawn from the seed and carried in the saga's input. Pure.

The words are those of the services that play (contracts/chaos.py).
"""

from random import Random

from orchestrator.chaos.shapes import Drawn, Shape


def script(drawn: Drawn, dice: Random) -> dict[str, object]:
    """The input of one saga of this definition."""
    given: dict[str, object] = {"amount": dice.randint(1, 1_000)}
    for name, step in drawn.steps.items():
        given[f"do_{name}"] = _do(step, dice)
        if step.kind == "compensatable":
            given[f"undo_{name}"] = _undo(step, dice)
    return {name: value for name, value in given.items() if value != "yes"}


def _do(step: Shape, dice: Random) -> str:
    roll = dice.random()
    hang = f":{step.timeout_ms * 13 // 10}" if step.timeout_ms <= 1_000 else ":400"
    if roll < 0.015:
        return f"hang{hang}"
    if roll < 0.07:
        return f"fail:{dice.choice((1, 1, 1, 2))}"
    if step.kind == "retriable" or step.must:
        return "yes"
    if roll < 0.11:
        return "no"
    if step.kind == "pivot":
        return "yes"
    if roll < 0.125:
        return "never"
    return f"hang-no{hang}" if roll < 0.13 else "yes"


def _undo(step: Shape, dice: Random) -> str:
    roll = dice.random()
    if roll < 0.02:
        return f"hang:{min(step.timeout_ms, 500) * 13 // 10}"
    if roll < 0.08:
        return f"fail:{dice.randint(1, 3)}"
    return "no" if roll < 0.1 else "yes"


def succeeds(play: str, attempts: int) -> bool:
    """Whether a command that goes like this can succeed within so many attempts (0: any)."""
    what, _, number = play.partition(":")
    if what == "fail":
        return attempts == 0 or int(number) < attempts
    return what in ("yes", "hang")


def refuses(play: str) -> bool:
    """Whether it is refused."""
    return play == "no" or play.startswith("hang-no")


def fails(play: str, attempt: int) -> bool:
    """Whether this attempt (from 1) fails with an exception."""
    what, _, number = play.partition(":")
    return what == "never" or (what == "fail" and attempt <= int(number))
