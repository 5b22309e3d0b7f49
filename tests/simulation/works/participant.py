"""The participant of the generated definitions: what it answers follows from seed and command."""

import asyncio
import random
from dataclasses import dataclass

from contracts.messages import Command, Reply
from services.participant import Participant, Refusal, Work

TOPIC = "works.commands"
EVENTS = "works.events"
REFUSALS = {"no": 409, "gone": 404}
_EFFECT = "INSERT INTO effects (saga, step, direction, round, ordered) VALUES (?, ?, ?, ?, ?)"
_STANDING = (
    "SELECT step, direction, round FROM effects WHERE id IN"
    " (SELECT max(id) FROM effects WHERE saga = ? GROUP BY step) ORDER BY id"
)


class Done(Reply):
    """It was done, or undone, or looked at."""

    order: int


class Act(Command):
    """Have an effect."""

    service = "works"
    reply = Done
    refusals = REFUSALS

    order: int


class Reverse(Command):
    """Take an effect back."""

    service = "works"
    reply = Done
    refusals = REFUSALS

    order: int


class Recall(Command):
    """Take back all that a whole saga did, which another one began."""

    service = "works"
    reply = Done
    refusals = REFUSALS

    order: int
    kid: int


class Look(Command):
    """Look, and change nothing."""

    service = "works"
    reply = Done
    refusals = REFUSALS

    order: int


class Broken(Exception):
    """The handler fails this once: no proof that nothing happened."""


@dataclass(frozen=True)
class Manners:
    """How likely the participant does not simply do what it is told; seconds when it dawdles."""

    refuses: float = 0.0
    breaks: float = 0.0
    dawdles: float = 0.0
    longest_s: float = 0.0


def works(seed: int, manners: Manners) -> Participant:
    """A participant with these manners."""
    made = Participant("works", package="tests.simulation.works")

    async def act(command: Act, work: Work) -> Done:
        await _consider(work, may_refuse=True)
        _keep(work, command.order)
        return Done(order=command.order)

    async def reverse(command: Reverse, work: Work) -> Done:
        await _consider(work, may_refuse=False)
        _keep(work, command.order)
        return Done(order=command.order)

    async def recall(command: Recall, work: Work) -> Done:
        await _consider(work, may_refuse=False)
        for step, direction, number in work.db.execute(_STANDING, (command.kid,)).fetchall():
            if direction == "do":
                row = (command.kid, step, "recall", number, command.order)
                work.db.execute(_EFFECT, row)
        return Done(order=command.order)

    async def look(command: Look, work: Work) -> Done:
        await _consider(work, may_refuse=True)
        return Done(order=command.order)

    async def _consider(work: Work, *, may_refuse: bool) -> None:
        told = work.message
        effect = f"{seed}/{work.saga}/{told['step']}/{told['direction']}/{told['round']}"
        once = random.Random(f"{effect}/{told['attempt']}")
        if once.random() < manners.dawdles:
            await asyncio.sleep(once.random() * manners.longest_s)
        if once.random() < manners.breaks:
            raise Broken(effect)
        must_succeed = str(told["step"]).startswith("r")
        if may_refuse and not must_succeed and random.Random(effect).random() < manners.refuses:
            raise Refusal("no", "the seed says no")

    def _keep(work: Work, order: int) -> None:
        told = work.message
        row = (work.saga, told["step"], told["direction"], told["round"], order)
        work.db.execute(_EFFECT, row)

    made.handles(Act)(act)
    made.handles(Reverse)(reverse)
    made.handles(Recall)(recall)
    made.handles(Look)(look)
    return made
