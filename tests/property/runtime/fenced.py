"""Two owners of one partition, on the real ownership machine: every interleaving of a small scope.

The world is that of ``protocol/fencing.py`` beside the design: one saga whose reply and timeout
race; appends
are delayed or lost, answers are lost, owners crash, pause and claim again. Here the owners are the
runtime's own ``ownership.step``; only the log, the disk and the network are modelled.
"""

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.runtime import happenings as h
from orchestrator.runtime.ownership import Ownership, step

LEGAL = {"": "S", "S": "KU", "K": "", "U": ""}  # start, then completed (reply) or undone (timeout)


class Entry(NamedTuple):
    """One record: a claim has no kind; a transition has one letter."""

    epoch: str
    seq: int
    kind: str
    log: str


class Rules(NamedTuple):
    """What readers check; and how large the scope is."""

    epochs: bool = True
    numbers: bool = True
    longest: int = 5
    claims: int = 3


class Sending(NamedTuple):
    """Effects on their way out: nothing holds them back any more, not even the loss of
    ownership.
    """

    epoch: str
    span: int
    kind: str


class Owner(NamedTuple):
    """One process: its ownership, what it decided, what it has to do, what is on the wire.

    Its file is not modelled: whatever it holds was in the log, and is read again from there."""

    own: Ownership = Ownership()
    view: str = ""
    kinds: tuple[tuple[int, str], ...] = ()
    todo: tuple[h.Action | Sending, ...] = ()
    wire: tuple[tuple[h.Event, Entry], ...] = ()
    answers: tuple[h.Event, ...] = ()


class World(NamedTuple):
    """Everything there is."""

    log: tuple[Entry, ...] = ()
    owners: tuple[Owner, Owner] = (Owner(), Owner())
    acted: frozenset[str] = frozenset()
    claims: int = 0


def fold(log: tuple[Entry, ...], rules: Rules) -> list[str]:
    """The valid transitions of a log, as every reader sees them."""
    name, epoch, number, found = "", "", 0, list[str]()
    for entry in log:
        if not entry.kind:
            name = name or entry.log
            if entry.log == name:  # a claim for another log does not count
                epoch, number = entry.epoch, 0
        elif (entry.epoch == epoch or not rules.epochs) and (
            entry.seq == number or not rules.numbers
        ):
            found.append(entry.kind)
            number += 1
    return found


def legal(kinds: list[str]) -> bool:
    """Whether a saga can have gone this way."""
    last = ""
    for kind in kinds:
        if kind not in LEGAL[last]:
            return False
        last = kind
    return True


def wrong(world: World, rules: Rules) -> str:
    """Which property does not hold; empty when all do."""
    valid = fold(world.log, rules)
    if not legal(valid):
        return "the log is illegal"
    if not world.acted <= set(valid):
        return "acted on what is not in the valid log"
    if {"K", "U"} <= world.acted:
        return "completed and undone"
    return ""


Steps = Iterator[tuple[str, World]]


def steps(world: World, rules: Rules) -> Steps:
    """Everything that can happen next."""
    for number, owner in enumerate(world.owners):
        yield from _of_owner(world, rules, number, owner)


EAGER = (h.Own, h.ReadUpTo, h.Commit, Sending)
"""Work that is done at once, which loses nothing: it reads or tells only what cannot change any
more, and to act sooner is the worse case. What is compared and what lies between is read at any
time."""


def _put(world: World, number: int, owner: Owner, rules: Rules, **changes: object) -> World:
    while (at := _first(owner.todo)) is not None:
        action = owner.todo[at]
        owner = owner._replace(todo=(*owner.todo[:at], *owner.todo[at + 1 :]))
        world = world._replace(**changes)  # type: ignore[arg-type]
        owner, changes = _do(world, rules, owner, action)
    # A stale answer changes nothing (a test of its own), and the two owners are interchangeable.
    fresh = tuple(answer for answer in owner.answers if _epoch(answer) == owner.own.epoch)
    pair = sorted((owner._replace(answers=fresh), world.owners[1 - number]), key=hash)
    return world._replace(owners=(pair[0], pair[1]), **changes)  # type: ignore[arg-type]


def _epoch(answer: h.Event) -> str:
    assert isinstance(answer, (h.ClaimAcknowledged, h.Acknowledged))
    return answer.epoch


def _first(todo: tuple[h.Action | Sending, ...]) -> int | None:
    return next((at for at, action in enumerate(todo) if isinstance(action, EAGER)), None)


def _tell(owner: Owner, event: h.Event) -> Owner:
    own, actions = step(owner.own, event)
    owner = owner._replace(own=own)
    for action in actions:
        if isinstance(action, h.Relinquish):  # tasks end; what is on its way stays on its way
            kept = tuple(a for a in owner.todo if isinstance(a, (h.Commit, Sending)))
            owner = owner._replace(todo=kept)
        elif isinstance(action, h.AppendClaim):
            claim = (h.ClaimAcknowledged(action.epoch, 0), Entry(action.epoch, 0, "", action.log))
            owner = owner._replace(wire=(*owner.wire, claim))
        elif isinstance(action, h.Append):
            kind = dict(owner.kinds)[action.span.id]
            event_back = h.Acknowledged(own.epoch, action.span.id, 0)
            entry = Entry(own.epoch, action.span.first, kind, "")
            owner = owner._replace(wire=(*owner.wire, (event_back, entry)))
        elif isinstance(action, h.Act):
            kinds = dict(owner.kinds)
            sends = [Sending(own.epoch, span.id, kinds.pop(span.id)) for span in action.spans]
            left = tuple(kinds.items())
            owner = owner._replace(todo=(*owner.todo, *sends), kinds=left)
        else:
            owner = owner._replace(todo=(*owner.todo, action))
    return owner


def _of_owner(world: World, rules: Rules, number: int, owner: Owner) -> Steps:
    own = owner.own
    who = f"{number}"
    if own.phase in ("released", "replaced") and not own.confirmed and world.claims < rules.claims:
        yield f"{who} is assigned", _put(world, number, _tell(owner, h.Assigned(None)), rules)
    if own.owns and len(own.appended) < 2:
        for kind in LEGAL[owner.view]:
            decided = owner._replace(view=kind, kinds=(*owner.kinds, (own.spans, kind)))
            event = h.Decided(own.epoch, 1, h.NOWHERE)
            yield f"{who} decides {kind}", _put(world, number, _tell(decided, event), rules)
    yield from _on_the_wire(world, rules, number, owner)
    yield from _work(world, rules, number, owner)
    if own.appended or own.phase == "claiming":
        silence = h.AppendFailed(own.epoch, "no answer")
        yield f"{who} gives up waiting", _put(world, number, _tell(owner, silence), rules)
    if own.phase != "released" or owner.todo:
        gone = Owner(wire=owner.wire)
        yield f"{who} crashes", _put(world, number, gone, rules)


def _on_the_wire(world: World, rules: Rules, number: int, owner: Owner) -> Steps:
    who = f"{number}"
    if owner.wire:
        (answer, entry), rest = owner.wire[0], owner.wire[1:]
        if len(world.log) < rules.longest:
            at = len(world.log)
            if isinstance(answer, h.ClaimAcknowledged):
                answer = h.ClaimAcknowledged(answer.epoch, at)
            elif isinstance(answer, h.Acknowledged):
                answer = h.Acknowledged(answer.epoch, answer.span, at)
            after = owner._replace(wire=rest, answers=(*owner.answers, answer))
            yield (
                f"{who}: {entry} appended at {at}",
                _put(world, number, after, rules, log=(*world.log, entry)),
            )
        yield f"{who}: {entry} lost", _put(world, number, owner._replace(wire=rest), rules)
    if owner.answers:
        answer, later = owner.answers[0], owner.answers[1:]
        heard = owner._replace(answers=later)
        yield f"{who}: answer {answer} lost", _put(world, number, heard, rules)
        yield f"{who} hears {answer}", _put(world, number, _tell(heard, answer), rules)


def _work(world: World, rules: Rules, number: int, owner: Owner) -> Steps:
    seen: set[type] = set()
    for place, action in enumerate(owner.todo):
        if type(action) in seen:
            continue
        seen.add(type(action))
        rest = owner._replace(todo=(*owner.todo[:place], *owner.todo[place + 1 :]))
        after, changes = _do(world, rules, rest, action)
        yield f"{number} does {action}", _put(world, number, after, rules, **changes)


def _do(  # pylint: disable=too-many-locals  # a case for each kind of work
    world: World, rules: Rules, owner: Owner, action: h.Action | Sending
) -> tuple[Owner, dict[str, object]]:
    epoch = owner.own.epoch
    match action:
        case h.Inspect(file):
            name = world.log[0].log if world.log else ""
            new = str(world.claims)
            event: h.Event = h.Inspected(name, file is not None, f"log{new}", f"e{new}")
            return _tell(owner, event), {"claims": world.claims + 1}
        case h.ReadUpTo(offset, _):
            mark = _mark(world, offset)
            if mark is None or mark.epoch != epoch:  # our claim is for a log that never was
                return _tell(owner, h.Failed(epoch, "the claim does not count")), {}
            return _tell(owner, h.Adopted(epoch, -1)), {}
        case h.Own(_):
            valid = fold(world.log[: owner.own.expected], rules)
            last = valid[-1] if valid else ""
            after = _tell(owner._replace(view=last, kinds=()), h.Done(epoch, h.RESEND))
            return after, {"acted": world.acted | set(valid)}
        case h.ReadBetween(start, stop):
            claimed = any(not entry.kind for entry in world.log[start:stop])
            return _tell(owner, h.ReadBetweenDone(epoch, claimed)), {}
        case h.Commit(spans):
            return _tell(owner, h.Committed(len(spans))), {}
        case Sending(sent_by, span, kind):
            return _tell(owner, h.Done(sent_by, span)), {"acted": world.acted | {kind}}
    raise AssertionError(action)


def _mark(world: World, offset: int) -> h.Mark | None:
    """The last record that counts up to this offset."""
    name, epoch, number, place = "", "", 0, -1
    for at, entry in enumerate(world.log[: offset + 1]):
        if not entry.kind:
            name = name or entry.log
            if entry.log == name:
                epoch, number, place = entry.epoch, 0, at
        elif entry.epoch == epoch and entry.seq == number:
            number, place = number + 1, at
    return h.Mark(name, epoch, number, place) if place >= 0 else None


def explore(rules: Rules, limit: int) -> tuple[int, list[str]]:
    """Every world within the scope: how many there are, and the shortest way to a wrong one."""
    first = World()
    came_from: dict[World, tuple[str, World] | None] = {first: None}
    todo = [first]
    for world in todo:
        broken = wrong(world, rules)
        if broken:
            return len(came_from), _path(came_from, world, broken)
        for label, following in steps(world, rules):
            if following not in came_from:
                came_from[following] = (label, world)
                todo.append(following)  # pylint: disable=modified-iterating-list  # a queue
        if len(came_from) > limit:
            return len(came_from), [f"more than {limit} worlds"]
    return len(came_from), []


def _path(came_from: dict[World, tuple[str, World] | None], world: World, broken: str) -> list[str]:
    path = [broken]
    while (step_before := came_from[world]) is not None:
        label, world = step_before
        path.append(label)
    return path[::-1]
