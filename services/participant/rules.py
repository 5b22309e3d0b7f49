"""What to do with a command, given what is stored: the participant's half of exactly-once. Pure.

The stored outcomes of one step of one saga are its *history*: direction and round -> outcome. An
undo names the round of its do, or a later one when an earlier undo was refused and a person had it
asked again. What another saga did (``child``) has no do here: its undo is taken as it comes.
Sources: DESIGN laws 4 and 5, and its paragraph on participants.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import NamedTuple

from contracts.envelope import CommandMessage, Direction, Outcome

DEFAULT_SKEW_MS = 2_000
"""How far the clocks of orchestrator and participant may differ before a command counts as expired.
"""


class Stored(NamedTuple):
    """A reply as it was stored with its effect: outcome, type and the JSON of its data."""

    outcome: Outcome
    type: str
    data: bytes


class Fault(NamedTuple):
    """No proof of anything: the reply ``failed`` with this code and reason; it is never stored."""

    code: str
    reason: str


class Action(Enum):
    """What a command that is not answered from the store leads to."""

    ACT = auto()
    """Run the handler, and store its reply with its effect."""
    NOTHING_TO_UNDO = auto()
    """Succeed without running it, and store that: the tombstone that a late do will meet."""


History = Mapping[tuple[Direction, int], Stored]
Verdict = Stored | Fault | Action


def judge(command: CommandMessage, history: History, now_ms: int, skew_ms: int) -> Verdict:
    """The verdict on one command: a stored reply to send again, a fault, or an action.

    A stored reply comes first: what happened is true, however late it is asked for.
    """
    direction, number = command["direction"], command["round"]
    stored = history.get((direction, number))
    if stored is not None:
        return stored
    if now_ms > command["deadline"] + skew_ms:
        late = now_ms - command["deadline"]
        return Fault("expired", f"the command came {late} ms after its deadline")
    # An undo reaches every round up to its own.
    undone = max(_succeeded("undo", history), default=0) if history else 0
    if direction == "undo":
        done = [number] if command.get("child") else _succeeded("do", history)
        stands = any(undone < one <= number for one in done)
        return Action.ACT if stands else Action.NOTHING_TO_UNDO
    if number <= undone:
        return Fault("tombstoned", f"round {number} was undone before this command came")
    return Action.ACT


def _succeeded(direction: Direction, history: History) -> list[int]:
    """The rounds that succeeded in this direction."""
    return [
        number
        for (stored_direction, number), stored in history.items()
        if stored_direction == direction and stored.outcome == "succeeded"
    ]
