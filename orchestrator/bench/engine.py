"""The pure engine alone: decisions a second on one core, from start to completion."""

from dataclasses import dataclass

from infra.clock import Clock
from orchestrator.definition.nodes import Definition
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Sent, Transition
from orchestrator.engine.inputs import Input, Reply, Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State


@dataclass(frozen=True)
class Pace:
    """How fast the engine decided."""

    definition: str
    decisions: int
    decisions_per_s: float


def pace(definition: Definition, given: dict[str, object], sagas: int, clock: Clock) -> Pace:
    """Decide that many sagas of this input whose every step succeeds. Only deciding is timed."""
    plan = Plan(definition)
    script = _script(plan, given)
    began = clock.monotonic()
    for _ in range(sagas):
        state: State | None = None
        for told in script:
            state, _transition = decide(plan, state, told)
    decisions = sagas * len(script)
    return Pace(definition.name, decisions, round(decisions / (clock.monotonic() - began)))


def _script(plan: Plan, given: dict[str, object]) -> list[Input]:
    """The inputs of one saga in which everything succeeds."""
    script: list[Input] = [Start("start", 1, 1 << 10, plan.version, 1, "key", dict(given))]
    state, transition = decide(plan, None, script[0])
    waiting = _sent(transition)
    while waiting:
        sent = waiting.pop(0)
        data: dict[str, object] = dict.fromkeys(plan.command(sent.step).do.reply, 1)
        reply = Reply(sent.step, 1, sent.step, "do", 1, 1, "succeeded", data)
        script.append(reply)
        state, transition = decide(plan, state, reply)
        waiting += _sent(transition)
    return script


def _sent(transition: Transition) -> list[Sent]:
    return [fact for fact in transition.facts if isinstance(fact, Sent)]
