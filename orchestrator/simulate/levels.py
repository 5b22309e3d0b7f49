"""What the search turns, each knob for all steps at once, from mild to hard: 0 is as it is."""

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Final

from orchestrator.definition.nodes import Step
from orchestrator.simulate.cast import Family
from orchestrator.simulate.knobs import Knob, Turn, asked, read
from orchestrator.simulate.outcomes import Outcomes, Part

SEARCHED: Final[tuple[Knob, ...]] = ("timeout", "attempts", "pause", "coefficient")

_QUANTILES: Final = (0.9999, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
_ATTEMPTS: Final = (4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32, 48)
_PAUSES_MS: Final = (500, 250, 100, 50, 20, 10)
_COEFFICIENTS: Final = (1.5, 1.25, 1.0)


class Levels:
    """The levels of every knob for one family: ``turns`` says what a level means for each step.

    The timeout of a step is a quantile of how long it takes when it works: a shorter one would give
    up what would have come. It is only ever shortened.
    """

    def __init__(self, family: Family, outcomes: Mapping[Part, Outcomes]) -> None:
        self._family = family
        self._outcomes = outcomes
        steps = [step for _, step in asked(family)]
        self._values: dict[Knob, tuple[float, ...]] = {
            "timeout": _QUANTILES,
            "attempts": tuple(n for n in _ATTEMPTS if any(_fewer(step, n) for step in steps)),
            "pause": tuple(n for n in _PAUSES_MS if any(read(step, "pause") > n for step in steps)),
            "coefficient": tuple(
                n for n in _COEFFICIENTS if any(read(step, "coefficient") > n for step in steps)
            ),
        }

    def count(self, knob: Knob) -> int:
        """How many levels a knob has, the one as it is included."""
        return len(self._values[knob]) + 1

    def turns(self, knob: Knob, level: int) -> list[Turn]:
        """What is turned at this level."""
        if not level:
            return []
        value = self._values[knob][level - 1]
        found: list[Turn] = []
        for saga, step in asked(self._family):
            now = read(step, knob)
            wanted = self._wanted(saga, step, knob, value)
            if wanted and wanted != now:
                found.append(Turn(saga, step.name, knob, wanted))
        return found

    def _wanted(self, saga: str, step: Step, knob: Knob, value: float) -> float:
        """How the knob of one step should stand; 0: as it is."""
        if knob == "attempts":
            return value if _fewer(step, value) else 0
        if knob == "timeout":
            longest = self._outcomes[Part(saga, step.name, "do")].duration_of("works", value)
            return min(rounded_up(longest), step.timeout_ms) if longest else 0
        return min(value, read(step, knob))


def _fewer(step: Step, attempts: float) -> bool:
    """Whether the step is asked less often than that; 0 is without end."""
    return 0 < step.retry.attempts < attempts


def rounded_up(ms: float) -> int:
    """To two digits, as people write timeouts."""
    unit = 10 ** max(floor(log10(ms)) - 1, 0)
    return ceil(ms / unit) * unit
