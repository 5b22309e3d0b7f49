"""What may go wrong on top of the outcomes: time-outs, repeated and late messages, crashes, undos
that fail, what an operator then does, and somebody who cancels.
"""

from collections.abc import Iterator
from typing import Final, Literal, cast

from orchestrator.definition.nodes import Direction
from orchestrator.engine.facts import Ignored, Transition
from orchestrator.engine.inputs import Start, Wake
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State, StepState
from orchestrator.verify.laws import ONCE, broken
from orchestrator.verify.moves import Move, Play, handled, unanswered, unhandled, waiting
from orchestrator.verify.participant import Answer
from orchestrator.verify.world import World


def adversities(world: World) -> Iterator[Move]:
    """Every adversity that is possible here."""
    if world.state is None:
        yield _hard("parks")
        return
    state = world.state
    yield _hard("crash")
    yield from _operator(state)
    if state.repairs:
        yield _hard("request")
    yield _hard("cancel")
    if world.signal is not None:
        yield _hard("signal")
    yield from _strays(world)
    if state.open and not state.parked:
        yield _hard("early")
        if state.deadline and not state.person_since:
            yield _hard("deadline")
            yield _hard("deadline", "", "all")
        for name, step in waiting(world, "sent"):
            yield from _troubles(world, name, step)
        if sum(1 for _ in waiting(world, "sent")) > 1:
            yield _hard("times-out")


def _hard(verb: str, step: str = "", detail: str = "") -> Move:
    return Move(verb, step, detail, 1)


def _troubles(world: World, name: str, step: StepState) -> Iterator[Move]:
    """What may become of a command that is out, and of its answer."""
    acts = unhandled(world, name, step.direction, step.round)
    fresh = unanswered(world, name, step.direction, step.round)
    yield _hard("times-out", name)
    if fresh:
        yield _hard("fails", name)
    yield _hard("parks", name)
    yield _hard("crash", name)
    if acts:
        yield _hard("times-out", name, "done")
    if step.direction == "undo":
        yield _hard("silent", name)
        if fresh:
            yield _hard("broken", name)
        if acts:
            yield _hard("silent", name, "done")
            yield _hard("refuses", name, "refused")
    elif acts and world.subject.plan.steps[name].step.refusals:
        yield _hard("times-out", name, "refused")


def _operator(state: State) -> Iterator[Move]:
    if not state.open:
        return
    yield _hard("resume")
    if state.parked:
        return
    for name in state.stuck or [""]:
        yield _hard("retry", name)
        yield _hard("skip", name)


def _strays(world: World) -> Iterator[Move]:
    """Late, repeated and reordered messages: any command that was sent, any reply of it."""
    for name, entry in world.book.entries.items():
        step = world.begun.steps[name]
        one = world.people.get(name)
        stored = {(s.direction, s.round) for s in one.stored} if one else set[object]()
        for direction, number in entry.asked:
            current = (direction, number) == (step.direction, step.round)
            about = f"{direction}.{number}"
            if (direction, number) in stored:
                if not (current and step.phase == "sent"):
                    yield _hard("reply", name, about)
            elif not (current and step.phase == "sent"):
                yield from _late(world, name, about)
            if step.attempt > 1 or not (current and step.phase == "sent"):
                yield _hard("failure", name, about)


def _late(world: World, name: str, about: str) -> Iterator[Move]:
    yield _hard("late", name, about)
    yield _hard("late", name, f"{about}.expired")
    if unhandled(world, name, *_about(about)):
        yield _hard("late", name, f"{about}.silent")
        if world.subject.plan.steps[name].step.refusals:
            yield _hard("late", name, f"{about}.refused")


def _about(detail: str) -> tuple[Direction, int]:
    direction, number, *_ = detail.split(".")
    return cast(Direction, direction), int(number)


def _attempt(world: World, name: str, direction: Direction, number: int) -> int:
    """The attempt that a stray message of this round carries: the latest one that is over."""
    step = world.begun.steps[name]
    if (direction, number) != (step.direction, step.round):
        return 1
    return step.attempt - 1 if step.phase == "sent" else step.attempt


def _times_out(world: World, move: Move) -> None:
    if not move.step:
        world.wake(*(name for name, _ in waiting(world, "sent")))
        return
    step = world.begun.steps[move.step]
    if move.detail:
        wanted: Literal["succeeded", "refused"] = (
            "succeeded" if move.detail == "done" else "refused"
        )
        world.handle(move.step, step.direction, step.round, wanted)
    world.wake(move.step)


def _fails(world: World, move: Move) -> None:
    step = world.begun.steps[move.step]
    world.take(world.answer(move.step, step.direction, step.round, step.attempt, "failed"))


def _reply(world: World, move: Move) -> None:
    """A reply that was given before arrives, late or once more."""
    direction, number = _about(move.detail)
    outcome = world.handle(move.step, direction, number, "failed")
    _stray(world, move.step, direction, number, outcome)


def _failure(world: World, move: Move) -> None:
    direction, number = _about(move.detail)
    _stray(world, move.step, direction, number, "failed")


def _stray(world: World, name: str, direction: Direction, number: int, outcome: Answer) -> None:
    """A reply arrives that nobody waits for any more; one of another round changes nothing, nor
    does the failure of an attempt that is over (DESIGN law 4).
    """
    before = world.begun.steps[name]
    attempt = _attempt(world, name, direction, number)
    taken = world.take(world.answer(name, direction, number, max(attempt, 1), outcome))
    if outcome == "failed":
        _changes_nothing(taken, "the failure of an attempt that is over")
    if (direction, number) != (before.direction, before.round):
        _changes_nothing(taken, "the answer of another round")


def _late_command(world: World, move: Move) -> None:
    """A command that was given up, or sent once more, is taken now."""
    direction, number = _about(move.detail)
    how = move.detail.split(".")[2:]
    outcome = world.handle(
        move.step,
        direction,
        number,
        "refused" if how == ["refused"] else "succeeded",
        expired=how == ["expired"],
    )
    if how != ["silent"]:
        _stray(world, move.step, direction, number, outcome)


def _crash(world: World, move: Move) -> None:
    """The process dies; its successor folds the log, reads the last input again, and sends again
    what is out: the command of ``step`` is taken twice, and answered twice.
    """
    last = world.last
    if last is not None and not isinstance(last, Start | Wake):
        _changes_nothing(world.take(last), "the input that was read again")
    if move.step:
        step = world.begun.steps[move.step]
        handled(world, move.step, "succeeded")
        if world.begun.open:
            twice = world.handle(move.step, step.direction, step.round, "failed")
            again = world.answer(move.step, step.direction, step.round, step.attempt, twice)
            _changes_nothing(world.take(again), "the second answer")


def _changes_nothing(taken: Transition, what: str) -> None:
    if not all(isinstance(fact, Ignored) for fact in taken.facts):
        broken(ONCE, f"{what} changes the saga")


def _parks(world: World, move: Move) -> None:
    if not move.step:
        world.park(world.start())
        return
    step = world.begun.steps[move.step]
    outcome = world.handle(move.step, step.direction, step.round, "succeeded")
    world.park(world.answer(move.step, step.direction, step.round, step.attempt, outcome))


def _early(world: World, _move: Move) -> None:
    _changes_nothing(world.wake(), "a wake-up with nothing due")


def _repair(world: World, move: Move) -> None:
    world.repair(move.verb, move.step)


def _request(world: World, _move: Move) -> None:
    """An operator's request arrives once more: it has been carried out (DESIGN law 4)."""
    if world.request is not None and world.request.id in world.begun.repairs:
        _changes_nothing(world.take(world.request), "the same request once more")


def _cancel(world: World, _move: Move) -> None:
    """Somebody cancels the saga: in time, too late, or once more in a signal of its own."""
    world.tell(CANCEL)


def _deadline(world: World, move: Move) -> None:
    """The deadline of the saga passes, alone or in one wake-up with all that is out."""
    names = [name for name, _ in waiting(world, "sent")] if move.detail else []
    world.wake(*names, deadline=True)


def _signal(world: World, _move: Move) -> None:
    """A signal arrives once more: it has been taken (DESIGN law 4)."""
    if world.signal is not None:
        _changes_nothing(world.take(world.signal), "the same signal once more")


ADVERSITIES: Final[dict[str, tuple[Play, str]]] = {
    "times-out": (_times_out, "the time of {step} runs out{lost}"),
    "fails": (_fails, "{step} fails once"),
    "reply": (_reply, "a reply of {step} arrives late, or once more ({detail})"),
    "failure": (_failure, "a failure of an attempt of {step} arrives that is over ({detail})"),
    "late": (_late_command, "a command reaches {step} late ({detail})"),
    "crash": (_crash, "the process dies, and another one goes on from its log{twice}"),
    "parks": (_parks, "no decision can be made{about}"),
    "deadline": (_deadline, "the deadline of the saga passes{also}"),
    "early": (_early, "a wake-up comes too early"),
    "retry": (_repair, "an operator has {step} tried again"),
    "skip": (_repair, "an operator skips {step}"),
    "request": (_request, "the operator's last request arrives once more"),
    "resume": (_repair, "an operator resumes the saga"),
    "cancel": (_cancel, "somebody cancels the saga"),
    "signal": (_signal, "the last signal arrives once more"),
}
"""Verb -> what it does, and the words for it."""
