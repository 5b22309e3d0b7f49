"""One saga on the real engine and its participants: a situation that moves change.

Times are left out: what is due lies in the future, and a wake-up says which of it has passed. So
any deadline may be the next, alone or with others, whatever the timeouts are.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from orchestrator.definition.nodes import Direction
from orchestrator.engine import backward
from orchestrator.engine import decide as engine
from orchestrator.engine.evolve import draft, evolve
from orchestrator.engine.facts import Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Signal, Start, Wake
from orchestrator.engine.state import State
from orchestrator.verify import witness
from orchestrator.verify.book import Book
from orchestrator.verify.laws import DEADLINE, DECIDED, LATE, LOGGED, ONCE, WAKES, Broken, broken
from orchestrator.verify.participant import Answer, Participant
from orchestrator.verify.subject import Subject

NOW: Final = 1_700_000_000_000
LATER: Final = NOW + (1 << 40)
SAGA: Final = 1 << 10

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
        plan = self.subject.plan
        return Start("start", NOW, SAGA, plan.version, 1, "key", self.subject.input)

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
        """The clock reaches what these steps wait for, or the saga's deadline, and nothing else."""
        now = draft(self.begun)
        if deadline:
            now.deadline = NOW
        for name in names:
            now.steps[name] = replace(now.steps[name], due=NOW)
        plan, given = self.subject.plan, Wake("wake", NOW)
        woken = self._log(given, now, lambda: engine.decide(plan, now, given))
        for name in names:
            if not woken.facts or self.begun.steps[name].due == NOW:
                broken(WAKES, f"{name} was due, and nothing came of it")
        if deadline and (not woken.facts or self.begun.deadline == NOW):
            broken(DEADLINE, "the deadline passed, and nothing came of it")
        return woken

    def repair(self, action: Any, name: str = "") -> Transition:
        """An operator acts."""
        number = f"repair-{len(self.begun.repairs) + 1}"
        self.request = Repair(number, NOW, action, name, "checked", "operator")
        return self.take(self.request)

    def tell(self, name: str) -> Transition:
        """Somebody outside tells the saga something."""
        number = f"signal-{len(self.begun.signals) + 1}"
        self.signal = Signal(number, NOW, name, "checked", "somebody")
        return self.take(self.signal)

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
            data = {"code": code or first, "reason": "refused"}
        else:
            data = {"code": "exception", "reason": "it broke"}
        return Reply("reply", NOW, name, direction, number, attempt, outcome, data)

    def _log(
        self, given: Input, before: State | None, decide: Callable[[], engine.Decision]
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
        witness.read(self.subject, self.book, logged.facts)
        self._forget_times(before, state)
        self.state = state
        self._stands(state)
        return logged

    def _forget_times(self, before: State | None, state: State) -> None:
        """What is due lies in the future, however far: when is left out."""
        old = before.steps if before else {}
        earliest, wake_at = 0, state.wake_at
        for name, step in state.steps.items():
            due = step.due
            if step.waits != bool(due):
                broken(WAKES, f"{name} is {step.phase}, and due is {due}")
            if not due:
                continue
            earliest = min(earliest or due, due)
            if step is not old.get(name):
                if due <= NOW:
                    broken(WAKES, f"{name} is due at {due - NOW} ms, which has passed")
                state.steps[name] = replace(step, due=LATER)
        earliest = self._deadline(state, earliest)
        if state.open and not state.parked and earliest != wake_at:
            broken(WAKES, f"the wake-up is at {wake_at}, and {earliest} is due first")

    def _deadline(self, state: State, earliest: int) -> int:
        """What is due first, the deadline of the saga included; it stands still while a person is
        waited for, and so is LATER as all the others.
        """
        deadline = state.deadline
        if not deadline:
            return earliest
        if bool(state.person_since) != bool(state.parked or state.stuck):
            broken(DEADLINE, f"its clock stands still since {state.person_since}: {state.status}")
        if deadline <= NOW or state.mode != "forward":
            broken(DEADLINE, f"the saga is {state.mode}, and its deadline {deadline - NOW} ms away")
        state.deadline = LATER
        if state.person_since:
            return earliest
        return min(earliest or deadline, deadline)

    def _stands(self, state: State) -> None:
        """What must be true in every situation."""
        ended = self.book.ended
        if state.open == bool(ended):
            broken(ONCE, f"the state is {state.mode}, and by the log it {ended or 'is open'}")
        if ended:
            return
        if not state.wake_at and state.status != "needs_operator":
            broken(WAKES, f"the saga is {state.status}, and nothing is due")
        if state.mode == "compensating":
            witness.says_owed(self.subject, self.book, backward.owed(self.subject.plan, state))
