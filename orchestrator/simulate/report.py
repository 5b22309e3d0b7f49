"""What a simulation found, as facts for programs and people. Shares are from 0 to 1, durations in
seconds.
"""

from typing import Any

import msgspec


class Share(msgspec.Struct, frozen=True):
    """A share of the runs, and within what it lies with 95 % confidence (Wilson 1927)."""

    share: float
    low: float
    high: float


class Quantiles(msgspec.Struct, frozen=True):
    """Percentiles of durations: of the nearest rank."""

    p50: float
    p90: float
    p95: float
    p99: float
    longest: float


class Way(msgspec.Struct, frozen=True):
    """A way to end: ``step`` is the one that turned the saga, or that it stands still at."""

    how: str
    code: str
    step: str
    runs: int
    share: float
    took: Quantiles


class Spending(msgspec.Struct, frozen=True):
    """One part, and the time that it has on the critical path, as a mean of all runs.

    ``reached`` is the share of the runs that came to it, ``attempts`` the mean of those runs.
    ``missed`` is all of its time as a mean of the runs that were not done in time.
    """

    saga: str
    step: str
    direction: str
    reached: float
    attempts: float
    executing: float
    pausing: float
    unanswered: float
    waiting: float
    person: float
    between: float
    share: float
    missed: float


class Effect(msgspec.Struct, frozen=True):
    """What a knob does when it is turned there: the ``change`` of the share that is done in time,
    and the standard error of that change, of the same runs with the same luck. ``value`` is in
    seconds where it is a time (of all steps together, ``factor`` times what each has).
    """

    value: float
    factor: float
    in_time: float
    change: float
    error: float


class KnobReport(msgspec.Struct, frozen=True):
    """One knob; ``step`` is empty for all steps together, and for the deadline."""

    saga: str
    step: str
    knob: str
    now: float
    effects: list[Effect]


class Setting(msgspec.Struct, frozen=True):
    """The policy of one step, as found; ``was`` says what it was."""

    saga: str
    step: str
    timeout: float
    attempts: int
    pause: float
    maximum: float
    coefficient: float
    was: dict[str, float]


class Try(msgspec.Struct, frozen=True):
    """What some knobs can do together: the best share that was found, and what most of the runs
    that are not done in time end with then.
    """

    knobs: list[str]
    in_time: float
    reached: bool
    in_the_way: str


class Found(msgspec.Struct, frozen=True):
    """The mildest settings that reach the target; ``confirmed`` is their share with other luck,
    ``overrides`` is what SAGA_OVERRIDES takes.
    """

    knobs: list[str]
    confirmed: Share
    settings: list[Setting]
    overrides: dict[str, Any]


class Search(msgspec.Struct, frozen=True):
    """What was searched for, what was tried, and what was found (nothing where it is empty)."""

    target: float
    runs: int
    tries: list[Try]
    found: list[Found]


class Report(msgspec.Struct, frozen=True):
    """All of it. ``deadline`` 0: the saga has none, and in time means completed.

    ``took_done`` are the durations of the runs that completed, in time or late, ``took_all`` of
    all; ``notes`` say what was taken for granted.
    """

    definition: str
    version: str
    sagas: list[str]
    deadline: float
    runs: int
    seed: int
    in_time: Share
    completed: float
    took_done: Quantiles | None
    took_all: Quantiles
    ways: list[Way]
    spending: list[Spending]
    knobs: list[KnobReport]
    knob_runs: int
    search: Search | None
    notes: list[str]
