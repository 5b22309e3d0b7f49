"""What a child saga may do: end in any way, run on, decide what was handed on to it, and say all of
that late or once more.
"""

from collections.abc import Iterator
from typing import Final

from orchestrator.engine.facts import Ignored
from orchestrator.engine.state import StepState
from orchestrator.verify.laws import ONCE, broken
from orchestrator.verify.move import Move, Play, hard, unhandled
from orchestrator.verify.world import World

_HALT: Final = "halt"


def outcomes(world: World, name: str, step: StepState) -> Iterator[Move]:
    """What may become of a child that runs, whether or not it has been asked again meanwhile."""
    if unhandled(world, name, "do", step.round):
        child = world.child(name)
        if child.may_end("succeeded"):
            yield Move("succeeds", name)
        for code in world.subject.children[name].refusals:
            if child.may_end("refused", code):
                yield Move("refuses", name, code)
        yield from _decisions(world, name)
    else:
        yield Move("succeeds", name)  # it has ended, and says so again
    if step.phase == "sent":
        yield Move("runs", name)


def _decisions(world: World, name: str) -> Iterator[Move]:
    """What it says to the first signal that is held for it: they are handed on in their order."""
    held, child = world.book.of(name).held, world.child(name)
    if not held:
        return
    if child.verdict(held[0].id) is not None:
        yield Move("answers", name)
        return
    if child.may_apply:
        yield Move("applies", name)
    yield Move("declines", name)


def troubles(world: World, name: str, step: StepState) -> Iterator[Move]:
    """What may become of a child that is out, and of what it says."""
    yield hard("parks", name)
    yield hard("crash", name)
    if unhandled(world, name, "do", step.round):
        child = world.child(name)
        if child.may_end("succeeded"):
            yield hard("times-out", name, "done")
        yield hard("times-out", name, "refused")
        if held := world.book.of(name).held:
            yield hard("parks", name, "answer")
            if child.verdict(held[0].id) is None:
                yield hard("loses", name)


def strays(world: World, name: str) -> Iterator[Move]:
    """Answers about signals that are not held any more, arriving late or once more."""
    entry = world.book.of(name)
    for place, kept in enumerate(entry.told):
        if kept not in entry.held:
            yield hard("answer", name, str(place))
    if entry.stopping:
        yield hard("answer", name, _HALT)


def _runs(world: World, move: Move) -> None:
    """The time of one attempt is over: it is asked again after a pause."""
    world.wake(move.step)


def _decides(world: World, move: Move) -> None:
    kept = world.book.of(move.step).held[0]
    world.take(world.decides(move.step, kept, move.verb == "applies"))


def _answers(world: World, move: Move) -> None:
    """What it has decided it says again, as it was told again."""
    kept = world.book.of(move.step).held[0]
    said = world.child(move.step).verdict(kept.id)
    world.take(world.answers(move.step, kept.id, bool(said)))


def parks(world: World, name: str) -> None:
    """The child decides a signal, and what it says cannot be decided here."""
    kept = world.book.of(name).held[0]
    child = world.child(name)
    said = child.verdict(kept.id)
    applied = child.may_apply if said is None else said
    world.park(world.decides(name, kept, applied))


def _loses(world: World, move: Move) -> None:
    """It decides, and its answer is lost: its end says what it has applied."""
    kept = world.book.of(move.step).held[0]
    world.decides(move.step, kept, world.child(move.step).may_apply)


def _answer(world: World, move: Move) -> None:
    """Nobody waits for this answer any more: it changes nothing."""
    if move.detail == _HALT:
        reply = world.answers(move.step, _HALT, True)
    else:
        kept = world.book.of(move.step).told[int(move.detail)]
        child = world.child(move.step)
        said = child.verdict(kept.id)
        applied = child.may_apply if said is None else said
        reply = world.decides(move.step, kept, applied)
    taken = world.take(reply)
    if not all(isinstance(fact, Ignored) for fact in taken.facts):
        broken(ONCE, "an answer to a signal that is decided changes the saga")


OUTCOMES: Final[dict[str, tuple[Play, str]]] = {
    "runs": (_runs, "the child of {step} has not ended yet"),
    "applies": (_decides, "the child of {step} agrees to what was handed on to it"),
    "declines": (_decides, "the child of {step} refuses what was handed on to it"),
    "answers": (_answers, "the child of {step} says again what it has decided"),
}
ADVERSITIES: Final[dict[str, tuple[Play, str]]] = {
    "loses": (_loses, "the child of {step} decides what was handed on, and its answer is lost"),
    "answer": (_answer, "the child of {step} answers late, or once more ({detail})"),
}
