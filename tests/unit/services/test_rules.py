"""The rules of a participant over every order of commands: each effect at most once, and none
after its undo (DESIGN laws 4 and 5).
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.participant.rules import Action, Fault, Stored, Verdict, judge
from tests.unit.services.messages import NOW

SKEW = 100
HandlerOutcome = Literal["succeeded", "refused", "raises"]


class Asked(NamedTuple):
    """A command that reaches the participant, and what its handler would make of it."""

    direction: Literal["do", "undo"]
    round: int
    late: bool
    handler: HandlerOutcome


@dataclass
class Participant:
    """A participant that follows the rules, and what it really did."""

    history: dict = field(default_factory=dict)
    did: list[tuple[str, int]] = field(default_factory=list)
    told: dict = field(default_factory=dict)

    def take(self, asked: Asked) -> Verdict:
        """Follow the verdict, as the participant's transaction does."""
        deadline = NOW - SKEW - 1 if asked.late else NOW
        message = {"direction": asked.direction, "round": asked.round, "deadline": deadline}
        verdict = judge(message, self.history, NOW, SKEW)  # type: ignore[arg-type]
        key = (asked.direction, asked.round)
        if verdict is Action.NOTHING_TO_UNDO:
            self.history[key] = Stored("succeeded", "NothingToUndo", b"{}")
        elif verdict is Action.ACT and asked.handler != "raises":
            self.history[key] = Stored(asked.handler, "Reply", b"%d" % len(self.did))
            if asked.handler == "succeeded":
                self.did.append(key)
        return verdict


ASKED = st.builds(
    Asked,
    st.sampled_from(["do", "undo"]),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(["succeeded", "refused", "raises"]),
)


def test_what_another_saga_did_is_undone_once() -> None:
    """No do of it ever came here, and that is no reason not to undo it."""
    message: dict = {"direction": "undo", "round": 1, "deadline": NOW, "child": "packing"}
    assert judge(message, {}, NOW, SKEW) is Action.ACT  # type: ignore[arg-type]
    refused = {("undo", 1): Stored("refused", "Refused", b"{}")}
    assert judge({**message, "round": 2}, refused, NOW, SKEW) is Action.ACT  # type: ignore[arg-type]
    undone = {("undo", 2): Stored("succeeded", "Reply", b"{}")}
    late = judge(message, undone, NOW, SKEW)  # type: ignore[arg-type]
    assert late is Action.NOTHING_TO_UNDO


@given(st.lists(ASKED, max_size=12))
def test_any_order_does_each_effect_at_most_once_and_none_after_its_undo(commands: list[Asked]):
    participant = Participant()
    for asked in commands:
        participant.take(asked)
    done = [r for direction, r in participant.did if direction == "do"]
    assert len(done) == len(set(done))
    undone_up_to = 0
    standing: set[int] = set()
    for direction, number in participant.did:
        if direction == "do":
            assert number > undone_up_to
            standing.add(number)
        else:
            assert any(r <= number for r in standing), "an undo ran with nothing to undo"
            standing = {r for r in standing if r > number}
            undone_up_to = max(undone_up_to, number)


@given(st.lists(ASKED, max_size=12), ASKED)
def test_what_is_stored_is_answered_again_whatever_came_between(commands: list[Asked], last: Asked):
    participant = Participant()
    answers: dict = {}
    for asked in [*commands, last]:
        participant.take(asked)
        for key, stored in participant.history.items():
            assert answers.setdefault(key, stored) == stored
    again = last._replace(late=True)
    before = list(participant.did)
    verdict = participant.take(again)
    assert participant.did == before
    stored = participant.history.get((last.direction, last.round))
    assert verdict == stored or (stored is None and isinstance(verdict, Fault))


@given(st.lists(ASKED, max_size=12), st.integers(1, 3))
def test_after_an_undo_has_succeeded_nothing_stands_up_to_its_round(
    commands: list[Asked], number: int
):
    participant = Participant()
    for asked in commands:
        participant.take(asked)
    participant.take(Asked("undo", number, False, "succeeded"))
    if participant.history["undo", number].outcome != "succeeded":
        return  # refused before: it stays so, and a later round asks again
    for earlier in range(1, number + 1):
        stood = ("do", earlier) in participant.did
        participant.take(Asked("do", earlier, False, "succeeded"))
        assert (("do", earlier) in participant.did) == stood
    dos = [i for i, (d, r) in enumerate(participant.did) if d == "do" and r <= number]
    undos = [i for i, (d, r) in enumerate(participant.did) if d == "undo"]
    assert not dos or max(undos) > max(dos)


def test_an_undo_asked_again_after_a_refusal_undoes_the_do_of_the_earlier_round():
    participant = Participant()
    participant.take(Asked("do", 1, False, "succeeded"))
    participant.take(Asked("undo", 1, False, "refused"))
    assert participant.take(Asked("undo", 2, False, "succeeded")) is Action.ACT
    assert participant.did == [("do", 1), ("undo", 2)]


def test_faults_say_what_they_are():
    participant = Participant()
    late = participant.take(Asked("do", 1, True, "succeeded"))
    participant.take(Asked("undo", 1, False, "succeeded"))
    tombstoned = participant.take(Asked("do", 1, False, "succeeded"))
    assert [fault.code for fault in (late, tombstoned) if isinstance(fault, Fault)] == [
        "expired",
        "tombstoned",
    ]
