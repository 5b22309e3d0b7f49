"""Who tells running sagas something: customers who cancel, change their order or answer what is
waited for (in time, too early, late, twice, never), and an operator who repairs what stands still.
"""

import asyncio
from typing import Any, Literal

from orchestrator.definition.nodes import Wait
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State
from tests.simulation.customers import Desk, Start
from tests.simulation.generated import REORDER

LOOK_S = 0.2
WITHIN_S = (0.1, 0.4, 1.5, 6.0)
"""How soon after its start a saga is told something: most of them do not take long."""
Kind = Literal["signal", "repair"]


class Told:
    """Something that a saga is told, once or more often under one id: ``known`` when its saga stood
    in the log as it was first said, ``acknowledged`` when the broker has it.
    """

    def __init__(self, kind: Kind, identity: str, name: str, data: dict[str, Any]) -> None:
        self.kind = kind
        self.id = identity
        self.name = name
        self.data = data
        self.definition = self.key = ""
        self.saga = 0
        self.known = False
        self.acknowledged = False


class Callers:
    """All of them; ``told`` is what they have said or are about to say."""

    def __init__(self, desk: Desk) -> None:
        self.told: list[Told] = []
        self.desk = desk
        self._world = desk.world
        self._chance = desk.chance
        self._plans = desk.world.plans
        self._seen: set[tuple[int, str]] = set()
        self._repaired: dict[int, int] = {}

    def begin(self, starts: list[Start]) -> None:
        """What they will say, in the course of time."""
        kinds = self._world.fate.kinds
        for start in starts:
            plan = self._plans.get(start.saga)
            if plan is None:
                continue
            if "cancels" in kinds and self._chance.random() < 0.35:
                self._later(start, CANCEL, {})
            for _ in range(self._chance.choice((0, 1, 1, 2)) if plan.changes else 0):
                self._later(start, REORDER, {"new": self._chance.randint(100, 999)})
            for name, wait in plan.waits.items():
                if self._chance.random() < 0.1:  # whether it is waited for or not
                    self._later(start, name, self._answer(wait.step))
        if kinds & {"waits", "cancels", "operator"}:
            self.desk.node.spawn(self._watch())

    def _later(self, start: Start, name: str, data: dict[str, Any]) -> None:
        told = Told("signal", f"s-{len(self.told)}", name, data)
        told.definition, told.key = start.saga, start.key
        after_s = self._chance.choice(WITHIN_S) * self._chance.random() - 0.02
        self._say_in(start.at + after_s, told)

    def _say_in(self, seconds: float, told: Told) -> None:
        """Say it in so many seconds, one time in four once more a little later."""
        self.told.append(told)
        self.desk.after(seconds, lambda: self._say(told))
        if self._chance.random() < 0.25:
            self.desk.after(seconds + self._chance.uniform(0.0, 3.0), lambda: self._say(told))

    # ---------------------------------------------------------------------------------- saying

    async def _say(self, told: Told) -> None:
        audit = self._world.audit
        if not told.acknowledged and audit.find(told.definition, told.key, told.saga):
            told.known = True
        await self.desk.until_taken(lambda: self._ask(told), lambda: self.settled(told))
        told.acknowledged = True

    async def _ask(self, told: Told) -> None:
        door, state = self.desk.door, self._world.audit.find(told.definition, told.key, told.saga)
        if told.kind == "repair":
            action: Any = told.name
            step = told.data["step"]
            await door.repair(told.saga, action, "because", "bob", step, request=told.id)
        elif state is not None and (told.saga or self._chance.random() < 0.5):
            await door.signal(
                state.saga, told.name, "because", "ann", request=told.id, data=told.data
            )
        else:
            await door.signal_by_key(
                told.definition, told.key, told.name, told.data, request=told.id
            )

    def settled(self, told: Told) -> bool:
        """Whether the log says what became of it, or that its saga had never begun."""
        audit = self._world.audit
        state = audit.find(told.definition, told.key, told.saga)
        if state is None:
            return not told.known
        if told.kind == "signal" and told.id in state.signals:
            return True
        held = any(one.id == told.id for one in state.held)
        return (held and state.open) or (
            (state.saga, told.id) in audit.inputs and told.kind == "repair"
        )

    # -------------------------------------------------------------------------------- watching

    async def _watch(self) -> None:
        """What is waited for is answered, what stands still is repaired."""
        operator = "operator" in self._world.fate.kinds
        while True:
            await asyncio.sleep(LOOK_S)
            for state in list(self._world.audit.states.values()):
                if state.open:
                    self._look(state)
                    if operator:
                        self._repair(state)

    def _look(self, state: State) -> None:
        plan, chance = self._plans[state.definition], self._chance
        for name, wait in plan.waits.items():
            step = state.steps.get(wait.name)
            if step is not None and self._first(state, wait.name) and chance.random() < 0.7:
                self._tell(state, name, self._answer(wait.step), wait.step.timeout_ms / 700)
        if "cancels" not in self._world.fate.kinds:
            return
        # Somebody stops a child and not its parent, or a parent whose child is to decide.
        if state.parent is not None and self._first(state, "") and chance.random() < 0.1:
            self._tell(state, CANCEL, {}, 4.0)
        for name in plan.deciding:
            step = state.steps.get(name)
            if step is not None and self._first(state, name) and chance.random() < 0.3:
                self._tell(state, CANCEL, {}, 0.3)

    def _first(self, state: State, what: str) -> bool:
        """Whether this is seen for the first time."""
        place = (state.saga, what)
        known = place in self._seen
        self._seen.add(place)
        return not known

    def _tell(self, state: State, name: str, data: dict[str, Any], within_s: float) -> None:
        told = Told("signal", f"s-{len(self.told)}", name, data)
        told.definition, told.key, told.saga = state.definition, state.key, state.saga
        self._say_in(self._chance.uniform(0.0, within_s), told)

    def _answer(self, wait: Wait) -> dict[str, Any]:
        if not wait.required:
            return {}
        return {} if self._chance.random() < 0.05 else {"yes": self._chance.random() < 0.75}

    def _repair(self, state: State) -> None:
        """Once for each time that it stands still; one in ten asks for what does not apply."""
        chance = self._chance
        if state.status != "needs_operator":
            if chance.random() < 0.003:
                self._ask_repair(state, chance.choice(("retry", "skip", "resume")), "")
            return
        if self._repaired.get(state.saga) == state.number:
            return
        self._repaired[state.saga] = state.number
        action, step = "resume", ""
        if not state.parked and chance.random() < 0.8:
            step = chance.choice(state.stuck)
            action = "skip" if chance.random() < 0.2 else "retry"
        self._ask_repair(state, action, step)

    def _ask_repair(self, state: State, action: str, step: str) -> None:
        told = Told("repair", f"r-{len(self.told)}", action, {"step": step})
        told.definition, told.key, told.saga = state.definition, state.key, state.saga
        self._say_in(self._chance.uniform(0.0, 2.0), told)
