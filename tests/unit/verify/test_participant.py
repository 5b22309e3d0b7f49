"""The model of a participant does what services/participant does."""

from itertools import product

import pytest

from contracts.envelope import CommandMessage
from orchestrator.definition.nodes import Direction
from orchestrator.verify.participant import Participant
from services.participant.rules import Action, Fault, Stored, judge

ROUNDS = (1, 2, 3)
DIRECTIONS: tuple[Direction, ...] = ("do", "undo")
COMMANDS = tuple(product(DIRECTIONS, ROUNDS))


def theirs(one: Participant, direction: Direction, number: int, expired: bool) -> str:
    history: dict[tuple[Direction, int], Stored] = {
        (s.direction, s.round): Stored(s.outcome, "Reply", b"{}") for s in one.stored
    }
    command = CommandMessage(direction=direction, round=number, deadline=10)  # type: ignore[typeddict-item]
    verdict = judge(command, history, 100 if expired else 1, 0)
    if isinstance(verdict, Stored):
        return verdict.outcome
    if isinstance(verdict, Fault):
        return "failed"
    return "act" if verdict is Action.ACT else "nothing to undo"


def histories(length: int) -> list[Participant]:
    """Everything that a participant can have stored after that many commands."""
    found = {Participant()}
    for _ in range(length):
        for one, (direction, number) in product(tuple(found), COMMANDS):
            verdict = one.judge(direction, number)
            if verdict in ("act", "nothing to undo"):
                found.add(one.store(direction, number, "succeeded"))
            if verdict == "act":
                found.add(one.store(direction, number, "refused"))
    return sorted(found)


def test_it_judges_every_command_as_the_library_does() -> None:
    seen = set[str]()
    for one in histories(4):
        for (direction, number), expired in product(COMMANDS, (False, True)):
            ours = one.judge(direction, number, expired=expired)
            assert ours == theirs(one, direction, number, expired), (one, direction, number)
            seen.add(ours)
    assert seen == {"succeeded", "refused", "failed", "act", "nothing to undo"}


@pytest.mark.parametrize(
    ("commands", "stands"),
    [
        ((), False),
        ((("do", 1),), True),
        ((("do", 1), ("undo", 1)), False),
        ((("undo", 1), ("do", 1)), False),
        ((("do", 1), ("undo", 2)), False),
    ],
)
def test_what_stands_is_what_was_done_and_not_undone(
    commands: tuple[tuple[Direction, int], ...], stands: bool
) -> None:
    one = Participant()
    for direction, number in commands:
        if one.judge(direction, number) in ("act", "nothing to undo"):
            one = one.store(direction, number, "succeeded")
    assert one.stands == stands
