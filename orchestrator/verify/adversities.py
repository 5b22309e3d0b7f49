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
from orchestrator.verify import moves_of_children as children
from orchestrator.verify import moves_of_signals as signals
from orchestrator.verify.laws import ONCE, broken
from orchestrator.verify.move import (
    Move,
    Play,
    due,
    handled,
    hard,
    is_child,
    unanswered,
    unhandled,
    waiting,
)
from orchestrator.verify.participant import Answer
from orchestrator.verify.world import World


def adversities(world: World) -> Iterator[Move]:
    """Every adversity that is possible here."""
    if world.state is None:
        yield hard("parks")
        return
    state = world.state
    yield hard("crash")
    yield from _operator(state)
    if state.repairs:
        yield hard("request")
    yield hard("cancel")
    if world.signal is not None:
        yield hard("signal")
    if not world.subject.ordinary:
        yield from signals.adversities(world)
    yield from _strays(world)
    if state.open and not state.parked:
        yield hard("early")
        # While only a wait is for a person, or a child keeps it, the clock may reach it in vain.
        if state.deadline and not (state.person_since and state.stuck):
            yield hard("deadline")
            yield hard("deadline", "", "all")
        for name, step in waiting(world, "sent"):
            if step.child:
                yield from children.troubles(world, name, step)
            else:
                yield from _troubles(world, name, step)
        if len(due(world)) > 1:
            yield hard("times-out")


def _troubles(world: World, name: str, step: StepState) -> Iterator[Move]:
    """What may become of a command that is out, and of its answer."""
    acts = unhandled(world, name, step.direction, step.round)
    fresh = unanswered(world, name, step.direction, step.round)
    yield hard("times-out", name)
    if fresh:
        yield hard("fails", name)
    yield hard("parks", name)
    yield hard("crash", name)
    if acts:
        yield hard("times-out", name, "done")
    if step.direction == "undo":
        yield hard("silent", name)
        if fresh:
            yield hard("broken", name)
        if acts:
            yield hard("silent", name, "done")
            yield hard("refuses", name, "refused")
    elif acts and world.subject.plan.steps[name].step.refusals:
        yield hard("times-out", name, "refused")


def _operator(state: State) -> Iterator[Move]:
    if not state.open:
        return
    yield hard("resume")
    if state.parked:
        return
    for name in state.stuck or [""]:
        yield hard("retry", name)
        yield hard("skip", name)


def _strays(world: World) -> Iterator[Move]:
    """Late, repeated and reordered messages: any command that was sent, any reply of it."""
    for name, entry in world.book.entries.items():
        step = world.begun.steps[name]
        if name in world.subject.children:
            yield from children.strays(world, name)
        one = world.people.get(name)
        stored = {(s.direction, s.round) for s in one.stored} if one else set[object]()
        for direction, number in entry.asked:
            current = (direction, number) == (step.direction, step.round)
            about = f"{direction}.{number}"
            if (direction, number) in stored:
                if not (current and step.phase == "sent"):
                    yield hard("reply", name, about)
            elif is_child(world, name, direction):
                continue  # a child is begun once, and never fails: its end is all that it answers
            elif not (current and step.phase == "sent"):
                yield from _late(world, name, about)
            if is_child(world, name, direction):
                continue
            if step.attempt > 1 or not (current and step.phase == "sent"):
                yield hard("failure", name, about)


def _late(world: World, name: str, about: str) -> Iterator[Move]:
    yield hard("late", name, about)
    yield hard("late", name, f"{about}.expired")
    if unhandled(world, name, *_about(about)):
        yield hard("late", name, f"{about}.silent")
        if world.subject.plan.steps[name].step.refusals:
            yield hard("late", name, f"{about}.refused")


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
        world.wake(*due(world))
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
    if move.detail:
        children.parks(world, move.step)
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
    world.wake(*(due(world) if move.detail else ()), deadline=True)


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
    **children.ADVERSITIES,
    **signals.ADVERSITIES,
}
"""Verb -> what it does, and the words for it."""
