"""The whole: many runs of a saga, what they came to, and what each knob would change."""

from collections.abc import Sequence
from typing import NamedTuple

from orchestrator.definition.nodes import Step, Wait, version
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.cast import Family, parts_of
from orchestrator.simulate.crew import Crew, Task
from orchestrator.simulate.figures import (
    effect,
    knob_report,
    quantiles,
    share_of,
    spending,
    ways,
)
from orchestrator.simulate.knobs import turned
from orchestrator.simulate.measure import Measured
from orchestrator.simulate.outcomes import Given, Part
from orchestrator.simulate.report import KnobReport, Report, Search
from orchestrator.simulate.tally import Tally
from orchestrator.simulate.untouched import known
from orchestrator.simulate.variants import rows


class Simulated(NamedTuple):
    """What is simulated: the family, how often, with which luck; ``notes`` say what was assumed."""

    family: Family
    runs: int
    seed: int
    notes: list[str]


def knob_effects(crew: Crew, family: Family, base: Tally, runs: int) -> list[KnobReport]:
    """Every knob turned alone, in as many runs of the luck of the base."""
    table = rows(family)
    tasks = [
        Task(turned(family, variant.turns), 0, runs, True, known(base, family, variant.turns, runs))
        for row in table
        for variant in row.variants
    ]
    tallies = iter(crew.play(tasks))
    return [
        knob_report(row, [effect(base, row.knob, one, next(tallies)) for one in row.variants])
        for row in table
    ]


def report(
    what: Simulated, base: Tally, knobs: list[KnobReport], knob_runs: int, search: Search | None
) -> Report:
    """All that was found, as facts."""
    name, root = next(iter(what.family.items()))
    everything = [ms for some in base.ms.values() for ms in some]
    done = [ms for ended, some in base.ms.items() if ended.end[0] == "completed" for ms in some]
    took = quantiles(everything)
    assert took is not None
    return Report(
        definition=name,
        version=version(root),
        sagas=list(what.family),
        deadline=root.time_ms / 1_000,
        runs=what.runs,
        seed=what.seed,
        in_time=share_of(sum(base.in_time), base.runs),
        completed=len(done) / base.runs,
        took_done=quantiles(done),
        took_all=took,
        ways=ways(base, bool(root.time_ms)),
        spending=spending(base, order_of(what.family)),
        knobs=knobs,
        knob_runs=knob_runs if knobs else 0,
        search=search,
        notes=what.notes,
    )


def order_of(family: Family) -> list[Part]:
    """All parts in the order of their sagas: the way forward, then the way back."""
    found: list[Part] = []
    for name, definition in family.items():
        leaves = list(steps_of(definition.body))
        found += [Part(name, leaf.name, "do") for leaf in leaves]
        found += [
            Part(name, leaf.name, "undo")
            for leaf in reversed(leaves)
            if isinstance(leaf, Step) and leaf.undo
        ]
    return found


def notes(
    given: Given, family: Family, measured: Measured | None, untold: Sequence[Part]
) -> list[str]:
    """What is taken for granted, for people; of ``untold`` undos the log says nothing."""
    found: list[str] = []
    if measured is not None:
        sagas = f"{measured.sagas:,} sagas of the log"
        found.append(f"measured: {measured.attempts:,} attempts in {sagas}")
    parts = parts_of(family)
    others = [part for part, leaf in parts.items() if isinstance(leaf, Step)]
    unnamed = [str(part) for part in others if part not in given.parts]
    if len(unnamed) == len(others):
        found.append("for all steps and undos what is given as otherwise")
    elif unnamed:
        found.append(f"as otherwise: {'; '.join(unnamed)}")
    if untold:
        said = "; ".join(map(str, untold))
        found.append(f"never seen, so taken to work in the time of its step: {said}")
    for part, leaf in parts.items():
        if isinstance(leaf, Wait) and part not in given.parts:
            ends = f"after {leaf.timeout_ms / 1_000:g} s it is {leaf.expires}"
            found.append(f"nobody answers {part}: {ends}")
    return found
