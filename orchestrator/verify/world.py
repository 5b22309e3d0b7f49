"""One saga on the real engine and its participants: a situation that moves change.

Times are left out: what is due lies in the future, and a wake-up says which of it has passed. So
any deadline may be the next, alone or with others, whatever the timeouts are.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from orchestrator.definition.nodes import Direction
from orchestrator.engine import decide as engine
from orchestrator.engine.evolve import draft, evolve
from orchestrator.engine.facts import Transition
from orchestrator.engine.inputs import Input, Parent, Repair, Reply, Signal, Start, Wake
from orchestrator.engine.signals import CANCELLED
from orchestrator.engine.state import State
from orchestrator.verify import witness
from orchestrator.verify.book import Book, Kept
from orchestrator.verify.child import Child
from orchestrator.verify.laws import (
    DEADLINE,
    DECIDED,
    LATE,
    LOGGED,
    WAKES,
    Broken,
    broken,
)
from orchestrator.verify.page import Page
from orchestrator.verify.participant import Answer, Participant
from orchestrator.verify.standing import LATER, NOW, forget_times, stands
from orchestrator.verify.subject import Subject

SAGA: Final = 1 << 10
PARENT: Final = Parent(2 << 10, "child", 1)
"""Who waits for a saga that is the child of another."""

_NOBODY: Final = Participant()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Transition).decode


class World:
    """A situation: the state of the saga, what every participant has stored, what the log says.

    ``log`` are the transitions since the situation was copied; ``last`` is the
    last input, ``request`` what an operator asked for last, ``signal`` what the saga was told last.
    """

    __slots__ = ("subject", "state", "people", "book", "log", "last", "request", "signal")

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.state: State | None = None
        self.people: dict[str, Participant] = {}
        self.book = Book({})
        self.log: list[Transition] = []
        self.last: Input | None = None
        self.request: Repair | None = None
        self.signal: Signal | None = None

    def copy(self) -> "World":
        """A situation that goes its own way."""
        twin = World.__new__(World)
        twin.subject, twin.state, twin.people = self.subject, self.state, self.people
        twin.book, twin.log, twin.last = self.book.copy(), [], self.last
        twin.request, twin.signal = self.request, self.signal
        return twin

    @property
    def begun(self) -> State:
        """The state of a saga that has been started."""
        assert self.state is not None
        return self.state

    def start(self) -> Start:
        """The request that begins the saga."""
        subject = self.subject
        parent, until = (PARENT, LATER) if subject.parent else (None, 0)
        version = subject.plan.version
        return Start("start", NOW, SAGA, version, 1, "key", subject.input, "", parent, until)

    def take(self, given: Input) -> Transition:
        """Let the engine decide, and hold every law that one transition can break."""
        before, plan = self.state, self.subject.plan
        return self._log(given, before, lambda: engine.decide(plan, before, given))

    def park(self, given: Input) -> Transition:
        """The engine could make no decision, or one too large for the log (DESIGN law 1)."""
        before = self.state
        started = None
        if isinstance(given, Start):
            started = engine.started_fact(self.subject.plan, given)
        return self._log(
            given, before, lambda: engine.park(before, given, started, "no decision could be made")
        )

    def wake(self, *names: str, deadline: bool = False) -> Transition:
        """The clock reaches what these steps wait for, or the saga's deadline, and nothing else:
        but nothing comes of that while its clock stands still, or a child keeps it.
        """
        now, page = draft(self.begun), Page(self.subject, self.book)
        kept = deadline and bool(page.keeper() or page.person())
        if deadline:
            now.deadline = NOW
        for name in names:
            now.steps[name] = replace(now.steps[name], due=NOW)
        plan, given = self.subject.plan, Wake("wake", NOW)
        woken = self._log(given, now, lambda: engine.decide(plan, now, given), overdue=kept)
        for name in names:
            if not woken.facts or self.begun.steps[name].due == NOW:
                broken(WAKES, f"{name} was due, and nothing came of it")
        if deadline and not kept and (not woken.facts or self.begun.deadline == NOW):
            broken(DEADLINE, "the deadline passed, and nothing came of it")
        return woken

    def repair(self, action: Any, name: str = "") -> Transition:
        """An operator acts."""
        number = f"repair-{len(self.begun.repairs) + 1}"
        self.request = Repair(number, NOW, action, name, "checked", "operator")
        return self.take(self.request)

    def tell(self, name: str, data: dict[str, Any] | None = None) -> Transition:
        """Somebody outside tells the saga something."""
        number = f"signal-{len(self.begun.signals) + len(self.begun.held) + 1}"
        self.signal = Signal(number, NOW, name, "checked", "somebody", data or {})
        return self.take(self.signal)

    def child(self, name: str) -> Child:
        """The child of this step, that of the round which is out."""
        one = self.people.get(name, _NOBODY)
        return one.child.of(self.begun.steps[name].round)

    def decides(self, name: str, kept: Kept, applied: bool) -> Reply:
        """The child of this step decides a signal that was handed on to it; its answer."""
        one, child = self.people.get(name, _NOBODY), self.child(name)
        if child.verdict(kept.id) is None:
            decided = child.decided(kept.id, kept.signal, applied)
            self.people = {**self.people, name: one._replace(child=decided)}
        return self.answers(name, kept.id, applied)

    def answers(self, name: str, identity: str, applied: bool) -> Reply:
        """What a child says about a signal."""
        data = {"signal": identity, "why": "" if applied else "too late"}
        number = self.begun.steps[name].round
        return Reply("reply", NOW, name, "do", number, 1, "answered", data)

    def handle(
        self, name: str, direction: Direction, number: int, wanted: Answer, *, expired: bool = False
    ) -> Answer:
        """The participant takes a command; ``wanted`` is what the business would say."""
        one = self.people.get(name, _NOBODY)
        verdict = one.judge(direction, number, expired=expired)
        if verdict in ("succeeded", "refused", "failed"):
            return verdict
        if verdict == "act" and direction == "do" and wanted == "succeeded" and one.undone:
            broken(LATE, f"{name} is done in round {number}, after it was undone")
        if wanted == "failed":
            return wanted
        if wanted == "succeeded" and direction == "do" and name in self.subject.children:
            wanted = "succeeded" if self.child(name).may_end("succeeded") else "refused"
        outcome = wanted if verdict == "act" else "succeeded"
        self.people = {**self.people, name: one.store(direction, number, outcome)}
        return outcome

    def answer(
        self,
        name: str,
        direction: Direction,
        number: int,
        attempt: int,
        outcome: Answer,
        code: str = "",
    ) -> Reply:
        """The reply of a participant."""
        if outcome == "succeeded":
            data = self.subject.reply(name, direction)
        elif outcome == "refused":
            first = next(iter(self.subject.plan.steps[name].step.refusals), "refused")
            if one := self.people.get(name):
                first = first if one.child.of(number).may_end("refused", first) else CANCELLED
            data = {"code": code or first, "reason": "refused"}
        else:
            data = {"code": "exception", "reason": "it broke"}
        applied: tuple[str, ...] = ()
        if direction == "do" and name in self.subject.children and outcome != "failed":
            said = self.people.get(name, _NOBODY).child.of(number).said
            applied = tuple(one.id for one in said if one.applied)
        return Reply("reply", NOW, name, direction, number, attempt, outcome, data, applied)

    def _log(
        self,
        given: Input,
        before: State | None,
        decide: Callable[[], engine.Decision],
        *,
        overdue: bool = False,
    ) -> Transition:
        try:
            decided, transition = decide()
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it raises
            raise Broken(DECIDED, f"the engine raises {type(error).__name__}: {error}") from error
        self.last = given
        if not transition.facts:
            if decided != before:
                broken(LOGGED, "the state changes, and nothing is logged")
            return transition
        # On through the wire: what is not in the log's bytes is lost by a crash here.
        logged = _decode(_encode(transition))
        self.log.append(logged)
        try:
            state = evolve(before, logged)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it raises
            raise Broken(LOGGED, f"the log does not fold: {error}") from error
        if state != decided:
            broken(LOGGED, f"decided was {decided}, and the log folds to {state}")
        witness.read(self.subject, self.book, logged.facts, given)
        page = Page(self.subject, self.book)
        forget_times(page, before, state, overdue)
        self.state = state
        stands(page, state)
        return logged
