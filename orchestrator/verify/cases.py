"""The cases that are written down as tests: for each step the path to what may go wrong with it."""

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from orchestrator.engine.signals import CANCELLED
from orchestrator.verify.adversities import adversities
from orchestrator.verify.canonical import Canonical, Key
from orchestrator.verify.explore import play
from orchestrator.verify.move import Move, due, waiting
from orchestrator.verify.moves import benign, outcomes
from orchestrator.verify.subject import Subject
from orchestrator.verify.world import World


class Case(NamedTuple):
    """One test: its name, what it shows, and its path."""

    name: str
    shows: str
    path: tuple[Move, ...]


_SHOWS: Final = {
    "crash": "The process dies while {step} is out: it is asked again, and answers as before.",
    "duplicate": "The answer of {step} arrives twice, and counts once.",
    "reorder": "{step} answers last, and the answer of its first attempt comes after the second.",
    "timeout": "{step} never answers.",
    "cancel": "The saga is cancelled while {step} is out: too late where there is no way back.",
    "failed undo": "The undo of {step} is not answered: an operator has it tried again.",
    "yes": "{step} is told yes: it goes on.",
    "no": "{step} is told no: what was done is undone.",
    "end of time": "Nobody tells {step} anything, and its time is over.",
    "too early": "{step} is told something before it waits: that is refused.",
    "too late": "{step} is told something once it is decided: that is refused.",
    "asked again": "The saga of {step} takes its time: it is asked again, and answers once.",
    "failure": "The saga of {step} fails: that is the failure of this one.",
    "refused cancel": "The saga of {step} refuses to be cancelled, and goes on.",
    "change before": "What {step} is about to use is changed before.",
    "change during": "What {step} uses is changed while it runs.",
    "change after": "What {step} has used is changed too late: that is refused.",
}


def cases(subject: Subject) -> Iterator[Case]:
    """Every case of every step that has it."""
    undone = _undone(subject)
    for name in subject.names:
        yield from _changes(subject, name)
        if name in subject.waits:
            yield from _of_wait(subject, name)
            continue
        if name in subject.children:
            yield from _of_child(subject, name)
            yield from _failed_undo(subject, name, undone)
            continue
        late = (f"times-out:{name}", f"again:{name}", f"succeeds:{name}", f"reply:{name}:do.1")
        found = {
            "crash": (f"crash:{name}",),
            "duplicate": (f"succeeds:{name}", f"reply:{name}:do.1"),
            "reorder": late,
            "timeout": (f"silent:{name}",),
            "cancel": ("cancel",),
        }
        for kind, moves in found.items():
            path = _alone(subject, name, kind in ("reorder", "timeout"))
            yield _case(subject, kind, name, (*path, *moves))
        yield from _failed_undo(subject, name, undone)


def _failed_undo(subject: Subject, name: str, undone: dict[str, tuple[str, ...]]) -> Iterator[Case]:
    if name in undone:
        moves = (f"silent:{name}", f"retry:{name}", f"succeeds:{name}")
        yield _case(subject, "failed undo", name, (*undone[name], *moves))


def _of_wait(subject: Subject, name: str) -> Iterator[Case]:
    wait, path = subject.waits[name], _alone(subject, name, True)
    found = {"end of time": (f"expires:{name}",), "cancel": ("cancel",)}
    if wait.signal:
        found |= {"yes": (f"yes:{name}",), "too late": (f"yes:{name}", f"tells:{name}")}
    if wait.accepts:
        found["no"] = (f"no:{name}",)
    for kind, moves in found.items():
        yield _case(subject, kind, name, (*path, *moves))
    if wait.signal and len(path) > 1:
        yield _case(subject, "too early", name, ("start", f"tells:{name}"))


def _of_child(subject: Subject, name: str) -> Iterator[Case]:
    path = _alone(subject, name, True)
    code = [*subject.children[name].refusals, CANCELLED][0]
    stopped = f"refuses:{name}:{CANCELLED}"
    found = {
        "crash": (f"crash:{name}",),
        "duplicate": (f"succeeds:{name}", f"reply:{name}:do.1"),
        "asked again": (f"runs:{name}", f"again:{name}", f"succeeds:{name}"),
        "failure": (f"refuses:{name}:{code}",),
        "cancel": ("cancel", stopped),
    }
    if name in subject.deciding:
        found["cancel"] = ("cancel", f"applies:{name}", stopped)
        found["refused cancel"] = ("cancel", f"declines:{name}")
    for kind, moves in found.items():
        yield _case(subject, kind, name, (*path, *moves))


def _changes(subject: Subject, name: str) -> Iterator[Case]:
    """Of the first signal that has this step done again."""
    signal = next((one.signal for one in subject.changes.values() if one.redo == name), "")
    if not signal:
        return
    told, path = f"changes:{name}:{signal}", _alone(subject, name, True)
    if len(path) > 1:
        yield _case(subject, "change before", name, ("start", told))
    decided = (f"applies:{name}",) if name in subject.children else ()
    yield _case(subject, "change during", name, (*path, told, *decided))
    yield _case(subject, "change after", name, (*path, f"succeeds:{name}", told))


def _case(subject: Subject, kind: str, name: str, path: tuple[str, ...]) -> Case:
    """Play the path, and on until it ends."""
    world = World(subject)
    made: list[Move] = []
    for text in path:
        move = next((one for one in _possible(world) if str(one) == text), None)
        if move is None:
            break  # a policy without a second attempt, or without an end
        play(world, move)
        made.append(move)
    while (move := benign(outcomes(world))) is not None:
        play(world, move)
        made.append(move)
    return Case(f"{kind} of {name}", _SHOWS[kind].format(step=name), tuple(made))


def _possible(world: World) -> Iterator[Move]:
    yield from outcomes(world)
    yield from adversities(world)


def _alone(subject: Subject, name: str, alone: bool) -> tuple[str, ...]:
    """The path to where this step is out, ``alone``: and nothing else is."""
    world = World(subject)
    made: list[str] = []
    while move := _next(world, name, alone):
        play(world, move)
        made.append(str(move))
    return tuple(made)


def _next(world: World, name: str, alone: bool) -> Move | None:
    if world.state is None:
        return Move("start")
    out = due(world)
    if name in out and (not alone or out == [name]):
        return None
    other = next((other for other in out if other != name), "")
    wait = world.subject.waits.get(other)
    verb = "succeeds" if wait is None else "yes" if wait.signal else "expires"
    return Move(verb, other) if other else None


def _undone(subject: Subject) -> dict[str, tuple[str, ...]]:
    """For each step the shortest path without an adversity to where its undo is out alone."""
    canonical, seen, found = Canonical(subject.plan), set[Key](), dict[str, tuple[str, ...]]()
    paths: deque[tuple[World, tuple[str, ...]]] = deque([(World(subject), ())])
    while paths:
        world, made = paths.popleft()
        for move in _plain(world):
            twin = world.copy()
            play(twin, move)
            key = canonical.key(twin, twin, ())
            if key in seen:
                continue
            seen.add(key)
            paths.append((twin, path := (*made, str(move))))
            for name, step in waiting(twin, "sent"):
                if step.direction == "undo" and name not in found:
                    found[name] = (*path, *_finish_others(twin.copy(), name))
    return found


def _plain(world: World) -> Iterator[Move]:
    """The outcomes that a test can tell by the clock: only what is out alone stays silent."""
    out = len(due(world)) if world.state else 0
    for move in outcomes(world):
        if move.verb in ("broken", "runs"):
            continue
        if move.verb not in ("silent", "expires") or (out == 1 and not move.detail):
            yield move


def _finish_others(world: World, name: str) -> Iterator[str]:
    while others := [other for other, _ in waiting(world, "sent") if other != name]:
        move = Move("succeeds", others[0])
        play(world, move)
        yield str(move)
