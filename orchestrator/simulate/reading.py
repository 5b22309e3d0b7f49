"""The outcomes as people write them (YAML), read for one family of sagas: whatever does not fit is
refused with its line, its path, the reason and what to write instead.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from orchestrator.definition.nodes import Direction, Leaf, Wait
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.cast import Family, child_of
from orchestrator.simulate.document import Entry, read_document
from orchestrator.simulate.durations import Constant
from orchestrator.simulate.outcomes import Given, Kind, Outcome, Outcomes, Part
from orchestrator.simulate.reading_durations import duration, number

OF_STEPS: Final[tuple[Kind, ...]] = ("works", "raises", "refuses", "hangs")
OF_WAITS: Final[tuple[Kind, ...]] = ("approves", "rejects", "hangs")

_EXAMPLE: Final = "Write a list such as [{works: 0.05, weight: 98}, {hangs: , weight: 2}]"
_TOP: Final = "Its names are sagas, otherwise and hop"


def read_given(text: str, file: str, family: Family) -> Given:
    """What people wrote; raises GivenError."""
    top = read_document(text, file).members(_TOP)
    _only(top, ("sagas", "otherwise", "hop"), _TOP)
    otherwise = None
    if "otherwise" in top:
        otherwise = _outcomes(top["otherwise"], OF_STEPS, None, refusals=())
    hop = duration(top["hop"]) if "hop" in top else Constant(0)
    parts: dict[Part, Outcomes] = {}
    if "sagas" in top and not top["sagas"].empty:
        sagas = top["sagas"].members("Write the name of a saga, under it those of its steps")
        _known(sagas, family, "saga of this simulation")
        for name, entry in sagas.items():
            parts |= _saga(name, entry, family)
    return Given(parts, otherwise, hop)


def _saga(name: str, entry: Entry, family: Family) -> Mapping[Part, Outcomes]:
    if entry.empty:
        return {}
    known = {leaf.name: leaf for leaf in steps_of(family[name].body)}
    steps = entry.members("Write the name of a step, under it what may come of it")
    _known(steps, known, f"step of {name}")
    found: dict[Part, Outcomes] = {}
    for step, value in steps.items():
        for direction, outcomes in _step(known[step], value).items():
            found[Part(name, step, direction)] = outcomes
    return found


def _step(leaf: Leaf, entry: Entry) -> dict[Direction, Outcomes]:
    """What may come of the step, and of its undo where that is written too."""
    found: dict[Direction, Outcomes] = {}
    ways: dict[str, Entry] = {"do": entry}
    if entry.is_mapping:
        ways = entry.members(_EXAMPLE)
        _only(ways, ("do", "undo"), "Write do and undo, or only the list of what may come of do")
    if "do" in ways:
        found["do"] = _doing(leaf, ways["do"])
    if "undo" in ways:
        if isinstance(leaf, Wait) or leaf.undo is None:
            ways["undo"].wrong(f"{leaf.name} has no undo", "Leave it out")
        found["undo"] = _outcomes(ways["undo"], OF_STEPS, None, refusals=None)
    return found


def _doing(leaf: Leaf, entry: Entry) -> Outcomes:
    if isinstance(leaf, Wait):
        if not leaf.signal:
            entry.wrong(f"{leaf.name} waits for no signal, only for its time", "Leave it out")
        return _outcomes(entry, OF_WAITS, leaf, refusals=())
    if child := child_of(leaf):
        entry.wrong(
            f"{leaf.name} is the saga {child}, which is simulated itself",
            f"Write the outcomes of its steps under sagas.{child}, and here only the undo",
        )
    return _outcomes(entry, OF_STEPS, None, refusals=tuple(leaf.refusals))


def _outcomes(
    entry: Entry, kinds: tuple[Kind, ...], wait: Wait | None, refusals: tuple[str, ...] | None
) -> Outcomes:
    """A list of outcomes; ``refusals`` are the codes that may be refused with, None: any."""
    items = entry.items(_EXAMPLE)
    if not items:
        entry.wrong("nothing comes of it", _EXAMPLE)
    found = tuple(_outcome(one, kinds, wait, refusals) for one in items)
    if not any(one.weight for one in found):
        entry.wrong("the weights add up to nothing", "Give at least one of them a weight above 0")
    return Outcomes(found)


def _outcome(
    entry: Entry, kinds: tuple[Kind, ...], wait: Wait | None, refusals: tuple[str, ...] | None
) -> Outcome:
    members = entry.members(_EXAMPLE)
    words = ", ".join(kinds)
    _only(members, (*kinds, "weight"), f"Write one of {words}, and perhaps a weight")
    named: list[Kind] = [kind for kind in kinds if kind in members]
    if len(named) != 1:
        entry.wrong(f"it has {len(named)} outcomes, and each has one", f"Write one of {words}")
    kind, weight = named[0], 1.0
    if "weight" in members:
        weight = number(members["weight"], "a weight", "Write a number from 0 up")
    value = members[kind]
    if kind == "hangs":
        if not value.empty and value.text("").lower() not in ("true", "yes"):
            value.wrong("what hangs has no duration", "Write `hangs:` and nothing after it")
        return Outcome(kind, weight)
    if kind == "refuses":
        return _refusal(value, weight, refusals)
    if kind == "rejects" and wait is not None and not wait.accepts:
        value.wrong(f"every signal {wait.signal} is a yes", "Write approves")
    return Outcome(kind, weight, duration(value))


def _refusal(entry: Entry, weight: float, refusals: tuple[str, ...] | None) -> Outcome:
    remedy = "Write refuses: {code: THE_CODE, after: 0.05}"
    members = entry.members(remedy)
    _only(members, ("code", "after"), remedy)
    if "code" not in members:
        entry.wrong("it does not say with which code", remedy)
    code = members["code"].text(remedy)
    if refusals is not None and code not in refusals:
        declared = ", ".join(refusals) or "none"
        members["code"].wrong(
            f"the command declares no refusal {code!r}", f"It declares: {declared}"
        )
    after = duration(members["after"]) if "after" in members else Constant(0)
    return Outcome("refuses", weight, after, code)


def _only(members: Mapping[str, Entry], names: Iterable[str], remedy: str) -> None:
    for name, entry in members.items():
        if name not in names:
            entry.wrong(f"there is no {name!r} here", remedy)


def _known(members: Mapping[str, Entry], names: Iterable[str], what: str) -> None:
    for name, entry in members.items():
        if name not in names:
            entry.wrong(f"{name!r} is no {what}", f"There are: {', '.join(names)}")
