"""A small world around the pure engine: participants in memory that keep the protocol, and the
saga between them.

It is the model that other tests compare with: what was really done and undone, whatever was
repeated, lost or came late.
"""

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import (
    Call,
    Change,
    Definition,
    Emit,
    Kind,
    Leaf,
    Node,
    Parallel,
    Retry,
    Step,
    Wait,
)
from orchestrator.engine.decide import decide
from orchestrator.engine.evolve import evolve
from orchestrator.engine.facts import Emitted, Sent, Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Signal, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State

UNDO_ATTEMPTS = 3


def step(name: str, kind: Kind = "compensatable", **changes: Any) -> Step:
    """A step that needs nothing but the input."""
    undo = Call(f"Undo{name}", "t.commands", {"order": "input.order"})
    fields: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "do": Call(f"Do{name}", "t.commands", {"order": "input.order"}),
        "undo": undo if kind == "compensatable" else None,
        "timeout_ms": 1_000,
        "retry": Retry(attempts=2, initial_ms=100, maximum_ms=1_000),
        "undo_timeout_ms": 1_000,
        "undo_retry": Retry(attempts=UNDO_ATTEMPTS, initial_ms=100, maximum_ms=1_000),
        "refusals": {"no": 409},
    }
    return Step(**{**fields, **changes})


def wait(name: str, **changes: Any) -> Wait:
    """A wait for a signal of its name with the field ``yes``, refused after ten seconds."""
    fields: dict[str, Any] = {
        "signal": name,
        "required": ("yes",),
        "timeout_ms": 10_000,
        "expires": "refused",
        "data": {},
        "refusals": {"rejected": 409},
        "accepts": "yes",
    }
    return Wait(name, **{**fields, **changes})


def child(name: str, kind: Kind = "pivot", **changes: Any) -> Step:
    """A step that another saga of that name does; it is asked again every second."""
    call = Call(name, REQUESTS, {"order": "input.order"}, ("ticket",))
    retry = Retry(attempts=0, initial_ms=100, maximum_ms=1_000)
    refusals = {"no": 409, "cancelled": 409, "deadline_exceeded": 504}
    fields = {"do": call, "retry": retry, "child": name, "refusals": refusals}
    return step(name, kind, **{**fields, **changes})


def changed(made: Definition, redo: str) -> Definition:
    """The same, with a signal ``reorder`` that changes its order until that step, and tells it."""
    sources = {"order": "input.order", "by": "signal.by", "new": "signal.new"}
    told = Emit("Reordered", "t.events", "input.order", sources)
    return replace(made, changes=(Change("reorder", ("new",), {"order": "new"}, redo, (told,)),))


def parallel(*branches: Leaf | tuple[Node, ...]) -> Parallel:
    """Branches, each a step or a sequence."""
    return Parallel(tuple(b if isinstance(b, tuple) else (b,) for b in branches))


def definition(*body: Node) -> Definition:
    """A definition that tells its start and its end."""
    fields = {"order": "input.order"}
    events = [
        Emit(name, "t.events", "input.order", fields) for name in ("Begun", "Ended", "Broken")
    ]
    return Definition("test", {}, body, (events[0],), (events[1],), (events[2],))


def timed(made: Definition, deadline_ms: int) -> Definition:
    """The same with a deadline; 0 leaves it as it is."""
    return replace(made, deadline_ms=deadline_ms) if deadline_ms else made


Effect = tuple[str, int]
"""A step and its round."""


@dataclass
class World:
    """One saga and its participants; ``at`` is the only clock."""

    plan: Plan
    at: int = 1_000
    state: State | None = None
    log: list[Transition] = field(default_factory=list)
    commands: list[Sent] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    done: set[Effect] = field(default_factory=set)
    undone: set[Effect] = field(default_factory=set)
    refused: set[Effect] = field(default_factory=set)
    tombstones: set[Effect] = field(default_factory=set)
    stopping: set[Effect] = field(default_factory=set)
    """Children that have agreed to stop: they end in no other way."""

    def start(self) -> None:
        """Begin the saga."""
        self.take(Start("start", self.at, 1024, self.plan.version, 1, "key", {"order": 7}))

    def take(self, given: Input) -> Transition:
        """Let the engine decide; check on the way that the facts fold to the very state."""
        before = self.state
        self.state, transition = decide(self.plan, before, given)
        if transition.facts:
            assert evolve(before, transition) == self.state
            self.log.append(transition)
            self.commands += [fact for fact in transition.facts if isinstance(fact, Sent)]
        else:
            assert self.state == before
        return transition

    def handle(self, command: Sent, outcome: str = "succeeded") -> Reply:
        """What a participant answers that keeps the protocol; ``outcome`` is what the business
        would say.
        """
        effect = (command.step, command.round)
        if command.direction == "undo":
            outcome = self._undo(effect, outcome)
        else:
            outcome = self._do(effect, outcome)
        reply = Reply(
            f"{command.step}/{command.direction}/{command.round}/{command.attempt}",
            self.at,
            command.step,
            command.direction,
            command.round,
            command.attempt,
            outcome,  # type: ignore[arg-type]
            self._data(command, outcome),
        )
        self.replies.append(reply)
        return reply

    def _data(self, command: Sent, outcome: str) -> dict[str, Any]:
        """What a reply carries: every field that was promised, or why not."""
        planned = self.plan.steps[command.step]
        call = planned.undo if command.direction == "undo" else planned.do
        if outcome == "succeeded" and call:
            return dict.fromkeys(call.reply, 1)
        code = next(iter(planned.step.refusals), "no")
        if (command.step, command.round) in self.stopping:
            code = "cancelled"
        return {"code": code, "reason": f"{command.step} {outcome}"}

    def _do(self, effect: Effect, outcome: str) -> str:
        if effect in self.done:
            return "succeeded"
        if effect in self.tombstones:
            return "failed"
        if effect in self.refused or outcome == "refused" or effect in self.stopping:
            self.refused.add(effect)
            return "refused"
        if outcome == "succeeded":
            self.done.add(effect)
        return outcome

    def _undo(self, effect: Effect, outcome: str) -> str:
        """An undo reaches every round up to its own; what never happened is undone by a
        tombstone.
        """
        step_name, number = effect
        if outcome != "succeeded":
            return outcome
        for earlier in range(1, number + 1):
            self.tombstones.add((step_name, earlier))
            if (step_name, earlier) in self.done:
                self.undone.add((step_name, earlier))
        return "succeeded"

    def answer(self, name: str, outcome: str = "succeeded") -> Transition:
        """The newest command of this step is handled and its reply arrives."""
        command = next(c for c in reversed(self.commands) if c.step == name)
        return self.take(self.handle(command, outcome))

    def fail(self, name: str, attempt: int) -> Transition:
        """This attempt comes back as a failure, whatever has really happened."""
        assert self.state is not None
        step = self.state.steps[name]
        data = {"code": "exception", "reason": "connection lost"}
        number = f"{name}/failure/{attempt}"
        return self.take(
            Reply(number, self.at, name, "do", step.round, step.attempt, "failed", data)
        )

    def wake_only(self, name: str) -> Transition:
        """The pause of this step is over, and the deadline of no other one has passed."""
        assert self.state is not None
        step = self.state.steps[name]
        self.at = max(self.at, step.due)
        return self.take(Wake("wake", self.at))

    def wake(self) -> Transition:
        """The clock reaches the saga's next wake-up."""
        assert self.state is not None and self.state.wake_at
        self.at = max(self.at, self.state.wake_at)
        return self.take(Wake("wake", self.at))

    def repair(self, action: str, name: str = "", request: str = "") -> Transition:
        """An operator acts."""
        number = request or f"repair-{len(self.log)}"
        return self.take(Repair(number, self.at, action, name, "because", "ann"))  # type: ignore[arg-type]

    def tell(self, name: str, identity: str = "s-1", **data: Any) -> Transition:
        """Somebody tells the saga something."""
        return self.take(Signal(identity, self.at, name, "because", "ann", data))

    def of_child(self, name: str, outcome: str, **data: Any) -> Transition:
        """The child that runs at this step says something."""
        assert self.state is not None
        number = self.state.steps[name].round
        reply = Reply(f"{name}/{len(self.log)}", self.at, name, "do", number, 1, outcome, data)  # type: ignore[arg-type]
        return self.take(reply)

    def decide(self, name: str, *, applied: bool) -> Transition:
        """The child that runs at this step decides the oldest signal that is held for it."""
        assert self.state is not None
        step = self.state.steps[name]
        held = next(one for one in self.state.held if one.step == name)
        effect = (name, step.round)
        # One that has ended, or agreed to stop, agrees to nothing more.
        applied = applied and effect not in self.done | self.refused | self.stopping
        if applied and held.signal == "cancel":
            self.stopping.add(effect)
        data = {"signal": held.id, "why": "" if applied else "too late"}
        reply = Reply(f"{name}/{held.id}", self.at, name, "do", step.round, 1, "answered", data)
        self.replies.append(reply)
        return self.take(reply)

    def left(self) -> set[str]:
        """The steps whose effect stands."""
        return {name for name, _ in self.done - self.undone}

    def events(self) -> list[str]:
        """The events of the business told so far."""
        facts = [fact for transition in self.log for fact in transition.facts]
        return [fact.event for fact in facts if isinstance(fact, Emitted)]


def world(*body: Node, deadline_ms: int = 0) -> World:
    """A saga of these nodes, started."""
    made = World(Plan(timed(definition(*body), deadline_ms)))
    made.start()
    return made
