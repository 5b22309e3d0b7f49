"""The search as it is told: what each set of knobs can do, and the settings that reach the
target.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.simulate.cast import Family
from orchestrator.simulate.crew import Crew, Task
from orchestrator.simulate.figures import how, share_of
from orchestrator.simulate.knobs import Knob, Turn, asked, turned
from orchestrator.simulate.levels import Levels
from orchestrator.simulate.outcomes import Outcomes, Part
from orchestrator.simulate.report import Found, Search, Setting, Try
from orchestrator.simulate.search import CLOSE, FIRST, Hill, climb, relax, sets
from orchestrator.simulate.tally import Tally

OTHER_LUCK = 1 << 20
"""The block from which on runs confirm what was found: no search comes so far."""


def find(
    crew: Crew,
    family: Family,
    outcomes: Mapping[Part, Outcomes],
    target: float,
    knobs: Sequence[Knob],
    confirming: int,
) -> Search:
    """Search with these knobs; ``confirming`` is how many runs confirm what is found."""
    hill = Hill(crew, family, Levels(family, outcomes), target)
    tries: list[Try] = []
    found: list[Found] = []
    for same_size in sets(knobs):
        for some in same_size:
            top = climb(hill, some)
            reached = hill.reaches(top)
            tries.append(Try(list(some), hill.share(top), reached, in_the_way(hill.tally(top))))
            if reached:
                turns = hill.turns(relax(hill, top))
                found.append(_confirmed(crew, family, some, turns, confirming))
        if found:
            break
    return Search(target, FIRST + CLOSE, tries, found)


def in_the_way(tally: Tally) -> str:
    """What most of the runs that are not done in time come to."""
    ends: Counter[str] = Counter()
    for ended, ms in tally.ms.items():
        if not ended.in_time:
            ends[ended.end.code if ended.end.status == "failed" else how(ended)] += len(ms)
    if not ends:
        return ""
    code, count = ends.most_common(1)[0]
    return f"{code} {count / tally.runs:.1%}"


def _confirmed(
    crew: Crew, family: Family, knobs: Sequence[Knob], turns: list[Turn], runs: int
) -> Found:
    there = turned(family, turns)
    size = 2_000
    tasks = [
        Task(there, OTHER_LUCK + first, min(size, runs - first), quick=True)
        for first in range(0, runs, size)
    ]
    tally = Tally()
    for one in crew.play(tasks):
        tally.add(one)
    confirmed = share_of(sum(tally.in_time), tally.runs)
    return Found(list(knobs), confirmed, settings(family, there), overrides(turns))


def settings(before: Family, after: Family) -> list[Setting]:
    """The policies of all steps, as they are then and as they were."""
    found: list[Setting] = []
    for (saga, old), (_, new) in zip(asked(before), asked(after), strict=True):
        was = {
            "timeout": old.timeout_ms / 1_000,
            "attempts": old.retry.attempts,
            "pause": old.retry.initial_ms / 1_000,
            "coefficient": old.retry.coefficient,
        }
        found.append(
            Setting(
                saga,
                new.name,
                new.timeout_ms / 1_000,
                new.retry.attempts,
                new.retry.initial_ms / 1_000,
                new.retry.maximum_ms / 1_000,
                new.retry.coefficient,
                was,
            )
        )
    return found


def overrides(turns: Sequence[Turn]) -> dict[str, Any]:
    """The turned knobs as SAGA_OVERRIDES takes them."""
    found: dict[str, Any] = {}
    for turn in turns:
        step = found.setdefault(turn.saga, {"steps": {}})["steps"].setdefault(turn.step, {})
        match turn.knob:
            case "timeout":
                step["timeout"] = turn.value / 1_000
            case "pause":
                step.setdefault("retry", {})["initial"] = turn.value / 1_000
            case "attempts":
                step.setdefault("retry", {})["attempts"] = round(turn.value)
            case _:
                step.setdefault("retry", {})[turn.knob] = turn.value
    return found
