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


class _Hands:
    """What the participant does, and how it goes."""

    def __init__(self, seed: int, manners: Manners) -> None:
        self._seed = seed
        self._manners = manners

    async def act(self, command: Act, work: Work) -> Done:
        """Have an effect."""
        await self._consider(work, may_refuse=True)
        _keep(work, command.order)
        return Done(order=command.order)

    async def reverse(self, command: Reverse, work: Work) -> Done:
        """Take it back."""
        await self._consider(work, may_refuse=False)
        _keep(work, command.order)
        return Done(order=command.order)

    async def recall(self, command: Recall, work: Work) -> Done:
        """Take back all that stands of a saga."""
        await self._consider(work, may_refuse=False)
        for step, direction, number in work.db.execute(_STANDING, (command.kid,)).fetchall():
            if direction == "do":
                row = (command.kid, step, "recall", number, command.order)
                work.db.execute(_EFFECT, row)
        return Done(order=command.order)

    async def look(self, command: Look, work: Work) -> Done:
        """Look."""
        await self._consider(work, may_refuse=True)
        return Done(order=command.order)

    async def _consider(self, work: Work, *, may_refuse: bool) -> None:
        told, manners = work.message, self._manners
        effect = f"{self._seed}/{work.saga}/{told['step']}/{told['direction']}/{told['round']}"
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


def works(seed: int, manners: Manners) -> Participant:
    """A participant with these manners."""
    made = Participant("works", package="tests.simulation.works")
    hands = _Hands(seed, manners)
    made.handles(Act)(hands.act)
    made.handles(Reverse)(hands.reverse)
    made.handles(Recall)(hands.recall)
    made.handles(Look)(hands.look)
    return made
