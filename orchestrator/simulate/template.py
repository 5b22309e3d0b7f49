"""A file of outcomes to start from, with what can be written in it."""

from collections.abc import Iterator

from orchestrator.definition.nodes import Leaf, Step, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.cast import Family, child_of
from orchestrator.simulate.durations import (
    Constant,
    Duration,
    Empirical,
    Exponential,
    Lognormal,
    Uniform,
)
from orchestrator.simulate.outcomes import Given, Outcome, Outcomes, Part

_HEAD = """\
# What comes of the commands of {name}: for `saga simulate {name} --given THIS_FILE`.
#
# Every step (and its undo) has a list of outcomes. Each outcome has one of
#   works: HOW_LONG                              it is done, and answered after so long
#   raises: HOW_LONG                             it fails; nobody knows how far it came
#   refuses: {{code: A_CODE, after: HOW_LONG}}     it says no, for good
#   hangs:                                       it never answers; its timeout decides
# and a weight: how often, in proportion to the others (1 where it is left out).
# A wait for a signal has `approves: HOW_LONG`, `rejects: HOW_LONG`, or `hangs:` (nobody says
# anything).
#
# HOW_LONG is from sending the command to reading the answer: in seconds (0.05), or with a unit
# (50 ms, 2 s, 5 min, 24 h), or a distribution:
#   {{uniform: [0.01, 0.2]}}    {{lognormal: {{median: 0.05, p99: 0.4}}}}
#   {{exponential: 0.05}}       {{empirical: [0.01, 0.02, 0.02]}}

# How long a message between two sagas takes (the start of a child, and its answer).
hop: {hop}

# For every step and undo that is not named below.
otherwise:
  - {{works: {{lognormal: {{median: 0.02, p99: 0.2}}}}, weight: 99}}
  - {{raises: 0.02, weight: 1}}

sagas:
"""


def template(family: Family, given: Given | None) -> str:
    """The text of the file: with what was measured where that is given, else with examples."""
    name = next(iter(family))
    hop = _law(given.hop) if given else "0.002"
    lines = [_HEAD.format(name=name, hop=hop)]
    for saga, definition in family.items():
        lines.append(f"  {saga}:\n")
        for leaf in steps_of(definition.body):
            lines += _leaf(saga, leaf, given)
    return "".join(lines)


def _leaf(saga: str, leaf: Leaf, given: Given | None) -> Iterator[str]:
    if isinstance(leaf, Wait):
        yield from _wait(saga, leaf, given)
        return
    if child := child_of(leaf):
        yield f"    # {leaf.name}: the saga {child}, below\n"
        if not leaf.undo:
            return
        yield f"    {leaf.name}:\n"
    else:
        codes = ", ".join(leaf.refusals) or "none"
        yield f"    {leaf.name}:  # {leaf.kind}; may refuse with: {codes}\n"
        yield from _outcomes("do", _of(given, Part(saga, leaf.name, "do")) or _example(leaf))
    if leaf.undo:
        yield from _outcomes("undo", _of(given, Part(saga, leaf.name, "undo")) or _WORKS)


def _wait(saga: str, wait: Wait, given: Given | None) -> Iterator[str]:
    seconds = f"{wait.timeout_ms / 1_000:g} s"
    if not wait.signal:
        yield f"    # {wait.name}: always waits {seconds}\n"
        return
    found = _of(given, Part(saga, wait.name, "do"))
    ends = f"after {seconds} it is {wait.expires}"
    yield f"    {wait.name}:  # waits for the signal {wait.signal}; {ends}\n"
    yield from _outcomes("do", found or Outcomes((Outcome("hangs"),)))


def _of(given: Given | None, part: Part) -> Outcomes | None:
    return given.parts.get(part) if given else None


_WORKS = Outcomes((Outcome("works", duration=Lognormal.of_p99(20, 200)),))


def _example(step: Step) -> Outcomes:
    found = [Outcome("works", 98, Lognormal.of_p99(20, 200))]
    if step.refusals and step.kind != "retriable":
        found.append(Outcome("refuses", 1, Constant(20), next(iter(step.refusals))))
    return Outcomes((*found, Outcome("hangs", 1)))


def _outcomes(direction: str, outcomes: Outcomes) -> Iterator[str]:
    yield f"      {direction}:\n"
    for one in outcomes:
        match one.kind:
            case "hangs":
                said = "hangs: "
            case "refuses":
                said = f"refuses: {{code: {one.code}, after: {_law(one.duration)}}}"
            case _:
                said = f"{one.kind}: {_law(one.duration)}"
        yield f"        - {{{said}, weight: {one.weight:g}}}\n"


_SHOWN = 40


def _law(law: Duration | None) -> str:
    match law:
        case Constant():
            return _seconds(law.ms)
        case Uniform():
            return f"{{uniform: [{_seconds(law.low_ms)}, {_seconds(law.high_ms)}]}}"
        case Lognormal():
            p99 = Lognormal.at(law, 0.99)
            return f"{{lognormal: {{median: {_seconds(law.median_ms)}, p99: {_seconds(p99)}}}}}"
        case Exponential():
            return f"{{exponential: {_seconds(law.mean_ms)}}}"
        case Empirical():
            count = min(len(law.ms), _SHOWN)
            shown = [law.ms[(2 * n + 1) * len(law.ms) // (2 * count)] for n in range(count)]
            return f"{{empirical: [{', '.join(map(_seconds, shown))}]}}"
        case None:
            return "0"


def _seconds(ms: float) -> str:
    return f"{ms / 1_000:g}"
