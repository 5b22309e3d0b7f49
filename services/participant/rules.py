"""What to do with a command, given what is stored: the participant's half of exactly-once. Pure.

The stored outcomes of one step of one saga are its *history*: direction and round -> outcome. An
undo names the round of its do. Sources: DESIGN laws 4 and 5, and its paragraph on participants.
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
    if direction == "undo":
        return Action.ACT if _stands(history, number) else Action.NOTHING_TO_UNDO
    if ("undo", number) in history:
        return Fault("tombstoned", f"round {number} was undone before this command came")
    return Action.ACT


def _stands(history: History, number: int) -> bool:
    """Whether an undo of this round meets an effect that still stands.

    It does when the do of the round succeeded. An undo asked again after a refusal comes in a round
    of its own (DESIGN law 4), in which nothing was ever done: it takes over the do whose undo was
    refused.
    """
    done = history.get(("do", number))
    if done is not None:
        return done.outcome == "succeeded"
    if not history:
        return False
    undos = [r for direction, r in history if direction == "undo" and r < number]
    return bool(undos) and history["undo", max(undos)].outcome == "refused"
