"""Undos of which a log says nothing, as nothing was ever undone there."""

from orchestrator.simulate.cast import Family, parts_of
from orchestrator.simulate.outcomes import Given, Outcomes, Part


def with_undos(given: Given, family: Family) -> tuple[Given, list[Part]]:
    """An undo of which nothing is said works, and takes as long as its step does where that works:
    the outcomes with that, and which undos those are. A step that never worked says nothing.
    """
    found: dict[Part, Outcomes] = {}
    for part in parts_of(family):
        step = given.parts.get(part._replace(direction="do"))
        if part.direction == "do" or step is None or given.of(part) is not None:
            continue
        works = tuple(one for one in step if one.kind == "works")
        if works:
            found[part] = Outcomes(works)
    return Given({**given.parts, **found}, given.otherwise, given.hop), list(found)
