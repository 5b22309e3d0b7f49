"""Durations as people write them: seconds, or a text with its unit, or a distribution of them."""

from collections.abc import Callable
from math import isfinite
from re import fullmatch
from typing import Final

from orchestrator.simulate.document import Entry
from orchestrator.simulate.durations import (
    Constant,
    Duration,
    Empirical,
    Exponential,
    Lognormal,
    Uniform,
)

_UNITS: Final = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_MS: Final = 365 * 86_400_000
_DURATION: Final = "Write seconds such as 0.05, or a text such as 50 ms, 2 s, 5 min, 24 h"
_LAW: Final = (
    "Write seconds, or one of {constant: 0.05}, {uniform: [0.01, 0.2]},"
    " {lognormal: {median: 0.05, p99: 0.4}}, {exponential: 0.05}, {empirical: [0.01, 0.02]}"
)


def duration(entry: Entry) -> Duration:
    """A distribution of durations; raises GivenError for what is none."""
    if not entry.is_mapping:
        if entry.is_list or entry.empty:
            entry.wrong("it does not say how long that takes", _LAW)
        return Constant(milliseconds(entry))
    members = entry.members(_LAW)
    if len(members) != 1:
        entry.wrong(f"{len(members)} distributions stand here", _LAW)
    ((name, value),) = members.items()
    if name not in _LAWS:
        entry.wrong(f"there is no distribution {name!r}", _LAW)
    return _LAWS[name](value)


def milliseconds(entry: Entry) -> float:
    """One duration, in milliseconds; raises GivenError for what is none, or above a year."""
    text = entry.text(_DURATION).strip()
    found = fullmatch(r"(.*?)\s*(ms|s|min|h|d)?", text)
    value = _number(found.group(1) if found else text)
    if value is None:
        entry.wrong(f"{text!r} is no duration", _DURATION)
    ms = value * _UNITS[(found and found.group(2)) or "s"]
    if ms < 0:
        entry.wrong(f"{text} is negative, and nothing takes less than no time", _DURATION)
    if ms > _LONGEST_MS:
        entry.wrong(f"{text} is more than a year", _DURATION)
    return ms


def number(entry: Entry, what: str, remedy: str) -> float:
    """A number from 0 up; raises GivenError for what is none."""
    text = entry.text(remedy)
    value = _number(text)
    if value is None or value < 0:
        entry.wrong(f"{text!r} is not {what}", remedy)
    return value


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _uniform(entry: Entry) -> Uniform:
    remedy = "Write {uniform: [0.01, 0.2]}: the shortest and the longest time"
    items = entry.items(remedy)
    if len(items) != 2:
        entry.wrong(f"it has {len(items)} bounds", remedy)
    low, high = map(milliseconds, items)
    if low > high:
        entry.wrong("the shortest time is longer than the longest", remedy)
    return Uniform(low, high)


def _lognormal(entry: Entry) -> Lognormal:
    remedy = "Write {lognormal: {median: 0.05, p99: 0.4}}, or sigma instead of p99"
    members = entry.members(remedy)
    if set(members) not in ({"median", "p99"}, {"median", "sigma"}):
        entry.wrong("it needs a median, and one of p99 and sigma", remedy)
    median = milliseconds(members["median"])
    if median <= 0:
        members["median"].wrong("the median of a lognormal distribution is above 0", remedy)
    if "sigma" in members:
        return Lognormal(median, number(members["sigma"], "a sigma", remedy))
    p99 = milliseconds(members["p99"])
    if p99 < median:
        members["p99"].wrong("the 99th percentile lies below the median", remedy)
    return Lognormal.of_p99(median, p99)


def _empirical(entry: Entry) -> Empirical:
    measured = sorted(map(milliseconds, entry.items(_LAW)))
    if not measured:
        entry.wrong("it is empty", _LAW)
    return Empirical(tuple(measured))


_LAWS: Final[dict[str, Callable[[Entry], Duration]]] = {
    "constant": lambda value: Constant(milliseconds(value)),
    "exponential": lambda value: Exponential(milliseconds(value)),
    "uniform": _uniform,
    "lognormal": _lognormal,
    "empirical": _empirical,
}
