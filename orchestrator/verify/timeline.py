"""A path, played once more and told: what happened outside, and what the saga made of it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from msgspec.structs import replace

from orchestrator.definition.nodes import Definition
from orchestrator.engine.facts import Fact, Faulted, Sent, Started, Transition, Waited
from orchestrator.testing.words import line
from orchestrator.verify.adversities import adversities
from orchestrator.verify.errors import NoSuchPath
from orchestrator.verify.explore import VERBS, Violation, play
from orchestrator.verify.laws import ENDS, Broken
from orchestrator.verify.move import Move
from orchestrator.verify.moves import benign, outcomes
from orchestrator.verify.subject import Subject
from orchestrator.verify.world import World

SEPARATOR: Final = ","
_PATIENCE: Final = 1_000


class Moment(NamedTuple):
    """One move, in words, and the transitions that it led to."""

    move: str
    words: str
    log: Sequence[Transition]


class Told(NamedTuple):
    """A path as it was played.

    ``given`` are its moves, ``after`` those of a world in which all goes well from there on;
    ``status`` is where the saga stands then, ``violation`` what broke on the way.
    """

    given: tuple[Moment, ...]
    after: tuple[Moment, ...]
    status: str
    violation: Violation | None


def written(path: Iterable[Move]) -> str:
    """A path as text, to be played again."""
    return SEPARATOR.join(map(str, path))


def again(definition: Definition, path: str) -> Told:
    """Play a path on the real engine, and go on well from there.

    Raises NoSuchPath where one of its moves is not possible.
    """
    world = World(Subject(definition))
    names = [name.strip() for name in path.split(SEPARATOR) if name.strip()]
    made: list[Move] = []
    moments: list[Moment] = []
    violation: Violation | None = None
    try:
        for move in chain((_find(world, name) for name in names), _well(world)):
            made.append(move)
            moments.append(Moment(str(move), words(move), world.log))
            _make(world, move)
    except Broken as error:
        violation = Violation(error.law, error.why, tuple(made))
    status = world.state.status if world.state else "not started"
    return Told(tuple(moments[: len(names)]), tuple(moments[len(names) :]), status, violation)


def as_text(told: Told) -> str:
    """A line for each move, and under it a line for each fact; the path at the end."""
    lines = list(_lines(told.given, 1))
    if told.after:
        lines += ["     from here on all goes well", *_lines(told.after, len(told.given) + 1)]
    if told.violation:
        lines += ["", f"BROKEN  {told.violation.law}", f"        {told.violation.why}"]
    return "\n".join(lines)


def _lines(moments: Iterable[Moment], first: int) -> Iterator[str]:
    for number, moment in enumerate(moments, first):
        yield f"{number:>3}  {moment.words}"
        for transition in moment.log:
            for fact in transition.facts:
                yield f"         {_line(fact)}"


def _line(fact: Fact) -> str:
    """A fact without its times, which mean nothing here."""
    if isinstance(fact, Faulted):
        then = "asked again" if fact.retry_at else "given up"
        return f"{line(replace(fact, retry_at=0))}, {then}"
    if isinstance(fact, Waited):
        return line(replace(fact, due=0))
    if isinstance(fact, Started):
        return line(replace(fact, deadline=0))
    if isinstance(fact, Sent) and fact.until:
        return f"{line(fact)}, with the deadline of the saga"
    return line(fact)


def _find(world: World, name: str) -> Move:
    possible = {str(move): move for move in (*outcomes(world), *adversities(world))}
    if name not in possible:
        raise NoSuchPath(f"{name!r} cannot happen here; this can: {', '.join(sorted(possible))}")
    return possible[name]


def _well(world: World) -> Iterator[Move]:
    for _ in range(_PATIENCE):
        move = benign(outcomes(world))
        if move is None:
            return
        yield move
    raise Broken(ENDS, f"{_PATIENCE} moves later it has not ended, though everybody answers")


def _make(world: World, move: Move) -> None:
    """Make a move, with a log of its own, which tells also what breaks a law."""
    play(world, move)
    world.log = []


def words(move: Move) -> str:
    """A move in words."""
    template = VERBS[move.verb][1]
    obeyed = {"done": ", though it was done", "refused": ", though it was refused"}
    return template.format(
        step=move.step or _ALL.get(move.verb, ""),
        detail=move.detail,
        lost=obeyed.get(move.detail, ""),
        twice=f"; {move.step} gets its command twice" if move.step else "",
        also=", and with it the time of all that is out" if move.detail == "all" else "",
        about=f" about the answer of {move.step}" if move.step else " about the start",
        untimely=", and leaves out the rest" if move.detail else ", at the wrong time",
    )


_ALL: Final = {
    "times-out": "everything that is out",
    "retry": "what stands still",
    "skip": "what stands still",
}
