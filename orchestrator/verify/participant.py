"""A participant that keeps the protocol, as a value: the stored replies of one step of one saga.

It is the model against which a definition is checked, written once. What it does with a command is
what services/participant/rules.py does (a test holds the two together): DESIGN laws 4 and 5.
"""

from typing import Literal, NamedTuple

from orchestrator.definition.nodes import Direction
from orchestrator.verify.child import UNBORN, Child

Definite = Literal["succeeded", "refused"]
Answer = Literal["succeeded", "refused", "failed"]
Verdict = Literal["succeeded", "refused", "failed", "act", "nothing to undo"]
"""A stored reply that is sent again, a fault that proves nothing, or what is to be done."""


class Stored(NamedTuple):
    """A reply as it was stored with its effect."""

    direction: Direction
    round: int
    outcome: Definite


class Participant(NamedTuple):
    """What one participant has stored, in the order in which it happened; of a step that another
    saga does ``child`` is what that has said before its end, which is stored like a reply.
    """

    stored: tuple[Stored, ...] = ()
    child: Child = UNBORN

    @property
    def undone(self) -> int:
        """The latest round up to which everything is undone, tombstones included; 0: none."""
        return _latest(self, "undo")

    @property
    def stands(self) -> bool:
        """Whether an effect is there now."""
        standing = False
        for one in self.stored:
            if one.outcome == "succeeded":
                standing = one.direction == "do"
        return standing

    def judge(self, direction: Direction, number: int, *, expired: bool = False) -> Verdict:
        """What a command of this round meets."""
        for one in self.stored:
            if one.direction == direction and one.round == number:
                return one.outcome
        if expired:
            return "failed"
        if direction == "do":
            return "failed" if number <= self.undone else "act"
        done = [one.round for one in self.stored if one[0] == "do" and one.outcome == "succeeded"]
        return "act" if any(self.undone < n <= number for n in done) else "nothing to undo"

    def store(self, direction: Direction, number: int, outcome: Definite) -> "Participant":
        """The participant once it has stored this reply with its effect."""
        return Participant((*self.stored, Stored(direction, number, outcome)), self.child)


def _latest(one: Participant, direction: Direction) -> int:
    rounds = (s.round for s in one.stored if s.direction == direction and s.outcome == "succeeded")
    return max(rounds, default=0)
