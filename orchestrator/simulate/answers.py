"""What participants, children and signals say, as inputs of the engine; each has a number, by which
a situation finds what becomes of it.
"""

from typing import Any, Final, NamedTuple

from orchestrator.definition.nodes import Direction, Wait
from orchestrator.engine.inputs import Input, Reply, Signal, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.signals import CANCEL
from orchestrator.simulate.outcomes import Kind, Outcome


def wake(mask: int) -> int:
    """The number of a wake-up at which the slots of these bits are due: no answer is negative."""
    return ~mask


class Answer(NamedTuple):
    """An answer to one attempt; ``code`` is that of a refusal."""

    step: str
    direction: Direction
    round: int
    attempt: int
    kind: Kind
    code: str = ""


HALT: Final = Answer("", "do", 0, 0, "raises", CANCEL)
"""The parent has turned: a child is told to stop."""


class Answers:
    """The numbers of all answers that one saga may get."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._answers: list[Answer] = [HALT]
        self._numbers: dict[Answer, int] = {HALT: 0}

    def number(self, answer: Answer) -> int:
        """The number of this answer."""
        if answer not in self._numbers:
            self._numbers[answer] = len(self._answers)
            self._answers.append(answer)
        return self._numbers[answer]

    def of(
        self, step: str, direction: Direction, number: int, attempt: int, outcome: Outcome
    ) -> int:
        """The number of what a participant, or somebody who is waited for, says."""
        return self.number(Answer(step, direction, number, attempt, outcome.kind, outcome.code))

    def about(self, key: int) -> Answer | None:
        """The answer of that number; None for a wake-up."""
        return None if key < 0 else self._answers[key]

    def input(self, key: int, at: int) -> Input:
        """What the engine is told."""
        answer = self.about(key)
        if answer is None:
            return Wake("wake", at)
        if answer is HALT:
            return Signal("halt", at, CANCEL, "its parent has turned", "orchestrator")
        leaf = self._plan.steps[answer.step].step
        if isinstance(leaf, Wait):
            return self._signal(leaf, answer, at)
        return self._reply(answer, at)

    def _reply(self, answer: Answer, at: int) -> Reply:
        planned = self._plan.steps[answer.step]
        if answer.kind == "works":
            call = planned.undo if answer.direction == "undo" else planned.do
            return _reply(answer, at, "succeeded", dict.fromkeys(call.reply if call else (), 1))
        if answer.kind == "refuses":
            why = {"code": answer.code, "reason": answer.code}
            return _reply(answer, at, "refused", why)
        return _reply(answer, at, "failed", {"code": "exception", "reason": "it raised"})

    def _signal(self, wait: Wait, answer: Answer, at: int) -> Signal:
        data: dict[str, Any] = dict.fromkeys(wait.required, 1)
        if wait.accepts:
            data[wait.accepts] = answer.kind == "approves"
        identity = f"{wait.name}/{answer.round}"
        return Signal(identity, at, wait.signal, "simulated", "somebody", data)


def _reply(answer: Answer, at: int, outcome: Any, data: dict[str, Any]) -> Reply:
    return Reply(
        "reply", at, answer.step, answer.direction, answer.round, answer.attempt, outcome, data
    )


class Anything(dict[str, int]):
    """The input of a simulated saga: every field carries 1, as values are of no interest to the
    engine.
    """

    def __missing__(self, _: str) -> int:
        return 1
