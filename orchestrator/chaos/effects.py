"""The model: what must stand in the databases of the services when a saga is at its end. Pure.

A step may have been done in several rounds, as its data were changed meanwhile: each takes the
place of the one before, which is taken back.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.engine.facts import Refused, Sent, Succeeded, Transition
from orchestrator.engine.state import State

Effect = tuple[int, int]
"""How often the effect of a step was made, and how often it was taken back."""


@dataclass(frozen=True)
class Rounds:
    """What a log knows of a step's rounds: how many were done, how many of them nobody knows, and
    with what the last one was done that is known.
    """

    done: int
    unknown: int
    data: Mapping[str, object]


def rounds(history: Sequence[Transition]) -> Mapping[str, Rounds]:
    """The rounds of every step that was asked."""
    asked: dict[str, dict[int, Mapping[str, object]]] = {}
    done, refused = Counter[str](), Counter[str]()
    last: dict[str, Mapping[str, object]] = {}
    for fact in (fact for transition in history for fact in transition.facts):
        if isinstance(fact, Sent) and fact.direction == "do":
            asked.setdefault(fact.step, {})[fact.round] = fact.data
        elif isinstance(fact, Succeeded) and fact.direction == "do" and fact.step in asked:
            done[fact.step] += 1
            last[fact.step] = asked[fact.step][max(asked[fact.step])]
        elif isinstance(fact, Refused) and fact.direction == "do":
            refused[fact.step] += 1
    return {
        step: Rounds(done[step], len(one) - done[step] - refused[step], last.get(step, {}))
        for step, one in asked.items()
    }


def differences(
    steps: Mapping[str, bool],
    state: State,
    known: Mapping[str, Rounds],
    found: Mapping[str, Effect],
    *,
    taken_back: bool = False,
) -> Iterator[str]:
    """What a saga's end and the databases of the services do not agree about.

    ``steps``: name -> whether it has an effect (a read has none). ``taken_back``: the saga that had
    begun this one had all of it undone.
    """
    for name in sorted({*steps, *found}):
        effect = found.get(name, (0, 0))
        allowed = [(0, 0)]
        if steps.get(name, False) and name in known:
            left = not taken_back and _stands(state, name)
            allowed = [(n, max(n - 1, 0) if left else n) for n in _counts(state, known[name])]
        if effect not in allowed:
            wanted = " or ".join(f"{d} and {u}" for d, u in allowed)
            done, undone = effect
            yield f"{state.status}: {name} was done {done} and undone {undone}, not {wanted} times"


def _counts(state: State, known: Rounds) -> list[int]:
    """How often it may have been done."""
    unsure = known.unknown and state.status != "completed"
    return [known.done, known.done + 1] if unsure else [known.done]


def _stands(state: State, name: str) -> bool:
    """Whether what was done of a step must still be there."""
    if state.status != "needs_operator":
        return state.status == "completed"
    # An undo is refused only where there is something to undo; and the turn of a step to be undone
    # may not have come.
    step = state.steps[name]
    return step.phase == "stuck" or step.direction == "do"


def amounts(
    known: Mapping[str, Rounds], found: Mapping[str, Effect], standing: Mapping[str, int]
) -> Iterator[str]:
    """Where another amount stands than the last one that a step was done with."""
    for name, (done, undone) in found.items():
        if name not in known or (done > undone and done != known[name].done):
            continue  # that has been said, or nobody knows
        wanted = known[name].data["amount"] if done > undone else 0
        if standing.get(name, 0) != wanted:
            yield f"{name} stands with {standing.get(name, 0)}, not {wanted}"
