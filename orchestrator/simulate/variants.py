"""Each knob alone, turned by sensible steps."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from orchestrator.definition.nodes import Leaf
from orchestrator.simulate.cast import Family
from orchestrator.simulate.knobs import Knob, Turn, asked, read, waits

FACTORS: Final = (0.5, 0.75, 1.5, 2.0)
COEFFICIENTS: Final = (1.0, 1.5, 2.0, 3.0)
OF_POLICY: Final[tuple[Knob, ...]] = ("attempts", "timeout", "pause", "coefficient")


class Variant(NamedTuple):
    """A knob turned to ``value`` (of all steps together: by the ``factor``, where they differ)."""

    turns: tuple[Turn, ...]
    value: float
    factor: float = 0.0


class Row(NamedTuple):
    """One knob: where it is (no step: all steps at once), how it stands, and how it may stand."""

    saga: str
    step: str
    knob: Knob
    now: float
    variants: tuple[Variant, ...]


def rows(family: Family) -> list[Row]:
    """Every knob: those of all steps together first, then those of each, then the deadline."""
    found = [_together(family, knob) for knob in OF_POLICY]
    for saga, step in asked(family):
        found += [_row(saga, step, knob) for knob in OF_POLICY]
    found += [_row(saga, wait, "timeout") for saga, wait in waits(family)]
    found.append(_deadline(family))
    return [row for row in found if row.variants]


def values(knob: Knob, now: float) -> Iterator[float]:
    """Where a knob that stands so may be turned to."""
    if knob == "attempts":
        # 0 is without end: there is nothing to add, and nobody takes it away for a test.
        wanted: Iterable[float] = (now - 1, now + 1, now + 2, now * 2) if now else ()
        lowest = 1.0
    elif knob == "coefficient":
        wanted, lowest = COEFFICIENTS, 1.0
    else:
        wanted, lowest = (round(now * factor) for factor in FACTORS), 1.0
    yield from dict.fromkeys(value for value in wanted if value != now and value >= lowest)


def _row(saga: str, leaf: Leaf, knob: Knob) -> Row:
    now = read(leaf, knob)
    found = (Variant((Turn(saga, leaf.name, knob, value),), value) for value in values(knob, now))
    return Row(saga, leaf.name, knob, now, tuple(found))


def _together(family: Family, knob: Knob) -> Row:
    """The knob of all steps turned at once: times by a factor, attempts where they are as few."""
    leaves = [(saga, step, read(step, knob)) for saga, step in asked(family)]
    first = min((now for _, _, now in leaves if now), default=0.0)
    found: list[Variant] = []
    for value in values(knob, first):
        factor = value / first if knob in ("timeout", "pause") else 0.0
        turns = tuple(
            Turn(saga, step.name, knob, max(round(now * factor), 1) if factor else value)
            for saga, step, now in leaves
            if knob != "attempts" or now == first
        )
        found.append(Variant(turns, value, factor))
    return Row("", "", knob, first, tuple(found))


def _deadline(family: Family) -> Row:
    """The deadline of the saga; also without one."""
    name, definition = next(iter(family.items()))
    now = definition.time_ms
    wanted = [*values("deadline", now), 0] if now else []
    found = (Variant((Turn(name, "", "deadline", value),), value) for value in wanted)
    return Row(name, "", "deadline", now, tuple(found))
