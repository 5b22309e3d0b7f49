"""Everything that can happen next to one process of the small world.

A process touches only itself and what all share, so its moves are a function of these two and are
worked out once for each pair (``search``).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from orchestrator.runtime import happenings as h
from tests.property.runtime import reading
from tests.property.runtime.actor import Actor
from tests.property.runtime.small_world import File, Item, Owner, Scope, Shared, is_open, united


class Move(NamedTuple):
    """A step of one process; ``trouble``: it only happens when something goes wrong."""

    label: str
    trouble: bool
    shared: Shared
    owner: Owner
    broken: str = ""


Possible = Iterator[tuple[str, str, Callable[[Actor], None]]]
"""What it is, what kind of trouble it takes ("" for none), and how it is done."""


def moves(scope: Scope, shared: Shared, owner: Owner) -> Iterator[Move]:
    """All of them."""
    for label, trouble, change in _possible(scope, shared, owner):
        if trouble and (trouble not in scope.kinds or shared.troubles >= scope.troubles):
            continue
        actor = Actor(scope, shared, owner)
        if trouble:
            actor.share(troubles=shared.troubles + 1)
        change(actor)
        yield Move(label, bool(trouble), actor.shared, _settled(actor.owner), actor.broken)


def _settled(owner: Owner) -> Owner:
    """The process, without what makes no difference any more: answers to an older epoch change
    nothing (the machine says so, in a test of its own), and producers have no order.
    """
    heard = tuple(a for a in owner.answers if a.epoch == owner.own.epoch)  # type: ignore[union-attr]
    stray = tuple(lane for lane in owner.stray if lane)
    if len(stray) > 1:
        stray = tuple(sorted(stray, key=repr))
    return owner._replace(answers=heard, stray=stray)


def _possible(scope: Scope, shared: Shared, owner: Owner) -> Possible:
    yield from _of_the_group(shared, owner)
    if scope.follows and not owner.told and not owner.own.confirmed:
        yield "follows", "", Actor.follow
    yield from _of_work(scope, shared, owner)
    yield from _of_the_wire(owner)
    yield from _of_failure(owner)


def _of_the_group(shared: Shared, owner: Owner) -> Possible:
    own = owner.own
    if shared.seat:
        yield "gets the partition", "", _sit
    if owner.seated:
        yield "the group takes the partition away", "moved", _rise
    if own.phase == "replaced" and owner.told and not own.confirmed:
        again = "" if owner.seated else "zombie"
        yield "claims again", again, _begin
    if owner.seated and not owner.told and not own.confirmed:
        yield "hears that it is assigned", "", _begin
    if owner.told and not owner.seated:
        yield "hears that it is not assigned any more", "", _revoked


def _sit(actor: Actor) -> None:
    actor.share(seat=False)
    actor.set(seated=True)


def _rise(actor: Actor) -> None:
    actor.share(seat=True)
    actor.set(seated=False)


def _begin(actor: Actor) -> None:
    actor.set(told=True)
    actor.tell(h.Assigned(actor.owner.file.mark))


def _revoked(actor: Actor) -> None:
    actor.set(told=False)
    actor.tell(h.Revoked())


def _of_work(scope: Scope, shared: Shared, owner: Owner) -> Possible:
    own = owner.own
    under_way = len(own.appended) + len(own.confirmed)
    for place, action in enumerate(owner.todo):
        if not isinstance(action, h.Refill) or _may_refill(scope, owner, under_way):
            yield _doing(action), "", lambda actor, p=place: _do(actor, p)
    if own.owns and owner.position >= 0 and under_way < scope.pipeline:
        for count in range(1, min(scope.batch, len(scope.inputs) - owner.position) + 1):
            given = scope.inputs[owner.position : owner.position + count]
            yield f"decides {given}", "", lambda actor, n=count: actor.decide(n)
        if scope.timers and is_open(Actor(scope, shared, owner).known()):
            yield "decides that S is too late", "", lambda actor: actor.decide_run(["U"])
    asked = any(isinstance(action, h.SeeEnd) for action in owner.todo)
    newer = reading.claimed(shared.log, own.expected, len(shared.log))
    if own.phase == "owner" and newer and not asked:
        yield "looks for newer claims", "", lambda actor: actor.tell(h.LookDue())
    yield from _of_keeping(scope, shared, owner)


def _of_keeping(scope: Scope, shared: Shared, owner: Owner) -> Possible:
    own = owner.own
    if own.confirmed:
        yield "SQLite commits", "", Actor.commit
    for place, sending in enumerate(owner.sending):
        yield f"{sending.effects} arrived", "", lambda actor, p=place: _arrived(actor, p)
    facts = owner.file.facts
    idle = own.owns and not own.appended and not own.confirmed
    if (
        "marks" not in scope.at_once
        and idle
        and facts
        and facts.epoch == own.epoch
        and facts.sent < own.sent
    ):
        yield "keeps the sent mark", "", _keep_mark
    if owner.position >= 0 and own.inputs[0] not in (-1, shared.committed):
        yield f"commits offset {own.inputs[0]}", "", _commit_offset


def _may_refill(scope: Scope, owner: Owner, under_way: int) -> bool:
    """The next row when there is room for it, the end when all is confirmed and written."""
    return not under_way or (under_way < scope.pipeline and len(owner.file.displaced) > under_way)


def _doing(action: h.Action) -> str:
    return "opens its inputs" if isinstance(action, h.Own) else f"does {type(action).__name__}"


def _do(actor: Actor, place: int) -> None:
    todo = actor.owner.todo
    action = todo[place]
    actor.set(todo=(*todo[:place], *todo[place + 1 :]))
    match action:
        case h.Own():
            actor.open()
        case h.Inspect():
            actor.inspect()
        case h.ReadUpTo():
            actor.read_up_to(action)
        case h.ReadBetween(start, stop):
            actor.read_between(start, stop)
        case h.SeeEnd(span, seq):
            end = len(actor.shared.log)
            actor.tell(h.EndSeen(actor.own.epoch, span, seq, end))
        case h.Refill():
            actor.refill(action)
        case _:
            raise AssertionError(action)


def _arrived(actor: Actor, place: int) -> None:
    sending = actor.owner.sending
    epoch, span, effects = sending[place]
    actor.set(sending=(*sending[:place], *sending[place + 1 :]))
    actor.share(delivered=united(actor.shared.delivered, effects))
    actor.tell(h.Done(epoch, span))


def _keep_mark(actor: Actor) -> None:
    actor.set(file=reading.sent_up_to(actor.owner.file, actor.own.sent))


def _commit_offset(actor: Actor) -> None:
    actor.share(committed=actor.own.inputs[0])


def _of_the_wire(owner: Owner) -> Possible:
    if owner.lane:
        yield f"{_name(owner.lane[0])} lands", "", Actor.land_next
        yield f"{_name(owner.lane[0])} is lost", "lost append", _lost
    for place, lane in enumerate(owner.stray):
        yield (
            f"{_name(lane[0])} of an old producer lands",
            "",
            lambda actor, p=place: _strays(actor, p, True),
        )
        if len(lane) > 1:  # one that never lands needs no step: it just stays on the wire
            yield (
                f"{_name(lane[0])} of an old producer is lost",
                "lost append",
                lambda actor, p=place: _strays(actor, p, False),
            )
    if owner.answers:
        yield f"hears {_name(owner.answers[0])}", "", _hears
        yield f"the answer {_name(owner.answers[0])} is lost", "lost answer", _unheard


def _name(what: Item | h.Event) -> str:
    if isinstance(what, Item):
        kinds = "".join(entry.kind for entry in what.entries)
        return f"{kinds or 'claim'} of {what.epoch}"
    if isinstance(what, h.ClaimAcknowledged):
        return f"claim at {what.offset}"
    assert isinstance(what, h.Acknowledged)
    return f"span {what.span} at {what.base}"


def _lost(actor: Actor) -> None:
    actor.set(lane=actor.owner.lane[1:])


def _strays(actor: Actor, place: int, lands: bool) -> None:
    stray = actor.owner.stray
    item, *rest = stray[place]
    if lands:
        actor.land(item)
    actor.set(stray=(*stray[:place], tuple(rest), *stray[place + 1 :]))


def _hears(actor: Actor) -> None:
    answer, *later = actor.owner.answers
    actor.set(answers=tuple(later))
    actor.tell(answer)


def _unheard(actor: Actor) -> None:
    actor.set(answers=actor.owner.answers[1:])


def _of_failure(owner: Owner) -> Possible:
    own = owner.own
    if own.phase == "claiming" or any(span.count for span in own.appended):
        under_way = owner.answers or any(item.epoch == own.epoch for item in owner.lane)
        yield "gives up waiting", "impatience" if under_way else "", _gives_up
    if own.phase in ("inspecting", "adopting", "checking", "refilling"):
        yield "cannot read", "unread", _cannot_read
    if owner._replace(seated=False, file=File(), stray=()) != Owner():
        yield "crashes", "crash", _crashes
    if owner.file != File():
        yield "crashes, and its file is gone", "burnt", _burns


def _gives_up(actor: Actor) -> None:
    actor.tell(h.AppendFailed(actor.own.epoch, "no answer"))


def _cannot_read(actor: Actor) -> None:
    actor.tell(h.Failed(actor.own.epoch, "the broker is gone"))


def _crashes(actor: Actor) -> None:
    """Everything is gone but the file, and what is on the wire already."""
    old = actor.owner
    actor.owner = Owner(file=old.file, seated=old.seated, stray=(*old.stray, old.lane))


def _burns(actor: Actor) -> None:
    _crashes(actor)
    actor.set(file=File())


def power_cuts(
    scope: Scope, shared: Shared, owners: list[Owner]
) -> Iterator[tuple[str, Shared, list[Owner]]]:
    """The topic loses what it holds from some record on: while its owners go on, or with them."""
    if shared.losses >= scope.losses:
        return
    for end in range(len(shared.log)):
        after = shared._replace(log=shared.log[:end], losses=shared.losses + 1)
        if "forgets" in scope.kinds:
            yield f"the topic forgets all from offset {end} on", after, owners
        if "power cut" in scope.kinds:
            gone = [Owner(file=owner.file) for owner in owners]
            cut = after._replace(seat=True)
            yield f"a power cut ends all, and the topic from offset {end} on", cut, gone
