"""What undoing a saga would do: the real engine plays it in memory, with participants that obey.

Pure; nothing of it is logged or sent. A step that is in flight counts as perhaps done, as it does
for the engine (law 5), and so is undone too; a child saga that runs is taken to undo itself.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from orchestrator.engine.decide import decide
from orchestrator.engine.facts import SignalHeld, SignalRefused, Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Signal, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.signals import CANCEL, CANCELLED, CANCELLED_STATUS
from orchestrator.engine.state import State, StepState
from orchestrator.engine.work import Work

WHO: Final = "you"
_MOST: Final = 1_000


class Undo(NamedTuple):
    """One command of the way back: those of one ``turn`` (from 1) go out together."""

    turn: int
    step: str
    command: str
    service: str
    fields: dict[str, Any]


class Undoing(NamedTuple):
    """What undoing would do (``would``), or does already (``will``); or why there is none.

    ``refused``: there is no way back, ``why`` says so; ``held``: it would, but the child saga of
    the step ``why`` decides that; ``over``: it has ended. ``settling`` are the steps that are in
    flight, and settle before anything is undone.
    """

    standing: Literal["would", "will", "refused", "held", "over", "unknown"]
    why: str = ""
    settling: tuple[str, ...] = ()
    commands: tuple[Undo, ...] = ()

    @property
    def turns(self) -> list[tuple[int, list[Undo]]]:
        """The commands, by their turn."""
        found: dict[int, list[Undo]] = {}
        for undo in self.commands:
            found.setdefault(undo.turn, []).append(undo)
        return list(found.items())


def undoing(plan: Plan, state: State, now: int) -> Undoing:
    """What becomes of the saga if it is cancelled now, or what is still owed if it turned already;
    ``now`` in Unix milliseconds.
    """
    if not state.open:
        return Undoing("over", state.mode)
    try:
        return _would(plan, state, now) if state.mode == "forward" else _will(plan, state, now)
    except (KeyError, ValueError) as error:
        # What cannot be decided parks the saga (law 1); the page says so too.
        return Undoing("unknown", f"{type(error).__name__}: {error}")


def _would(plan: Plan, state: State, now: int) -> Undoing:
    settling = tuple(name for name, step in state.steps.items() if step.waits)
    after, transition = decide(plan, state, Signal("what-if", now, CANCEL, "what if", WHO))
    for fact in transition.facts:
        if isinstance(fact, SignalRefused):
            return Undoing("refused", fact.why)
        if isinstance(fact, SignalHeld):
            yes = {"signal": fact.id, "why": ""}
            told = Reply("what-if", now, fact.step, "do", fact.round, 1, "answered", yes)
            after, _ = decide(plan, after, told)
            return Undoing("held", fact.step, settling, tuple(_Play(plan, after, now).way_back()))
    return Undoing("would", "", settling, tuple(_Play(plan, after, now).way_back()))


def _will(plan: Plan, state: State, now: int) -> Undoing:
    settling = tuple(n for n, step in state.steps.items() if step.waits and step.direction == "do")
    if state.status == "needs_operator":
        state, _ = decide(plan, state, Repair("what-if", now, "resume", "", "what if", WHO))
    return Undoing("will", state.reason, settling, tuple(_Play(plan, state, now).way_back()))


class _Play:
    """A saga on its way back, among participants that do what they are told."""

    def __init__(self, plan: Plan, state: State, now: int) -> None:
        self._plan = plan
        self._state = state
        self._at = now

    def way_back(self) -> Iterator[Undo]:
        """Every undo, in the order in which the engine sends them."""
        turn = 0
        for _ in range(_MOST):
            out = [name for name, step in self._state.steps.items() if _undoes(step)]
            if out:
                turn += 1
                yield from (self._undo(turn, name) for name in self._ordered(out))
                for name in out:
                    self._take(self._reply(name, "succeeded", {}))
            elif not self._settle():
                return

    def _ordered(self, names: list[str]) -> Iterator[str]:
        return (step.name for step in self._plan.backwards if step.name in names)

    def _undo(self, turn: int, name: str) -> Undo:
        call = self._plan.steps[name].undo
        assert call is not None  # what is being undone has an undo
        sources = Work(self._plan, self._state, self._at).sources(call.filling.sections)
        service = call.topic.removesuffix(".commands")
        return Undo(turn, name, call.command, service, call.filling.fill(sources))

    def _settle(self) -> bool:
        """Let what is in flight come to its end; whether there was anything."""
        flying = {name: step for name, step in self._state.steps.items() if step.waits}
        for name, step in flying.items():
            if step.child:
                reason = "its saga was told to stop"
                data = {"code": CANCELLED, "reason": reason, "status": CANCELLED_STATUS}
                self._take(self._reply(name, "refused", data))
                return True
        if not flying or not self._state.open:
            return False
        self._at = max(self._at, *(step.due for step in flying.values()))
        return bool(self._take(Wake("what-if", self._at)).facts)

    def _reply(self, name: str, outcome: Literal["succeeded", "refused"], data: Any) -> Reply:
        step = self._state.steps[name]
        place = (name, step.direction, step.round, step.attempt)
        return Reply("what-if", self._at, *place, outcome, data)

    def _take(self, given: Input) -> Transition:
        self._state, transition = decide(self._plan, self._state, given)
        return transition


def _undoes(step: StepState) -> bool:
    return step.direction == "undo" and step.waits
