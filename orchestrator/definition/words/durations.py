"""Durations of people (seconds, timedelta) and of the system (integer milliseconds)."""

from datetime import timedelta
from typing import Final

from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Retry
from orchestrator.definition.words.specs import RetryPolicy

LONGEST_MS: Final = 365 * 24 * 3600 * 1000
_MOST: Final = 1e300  # what no float could hold is no coefficient


def milliseconds(place: str, what: str, duration: object) -> int:
    """A duration in milliseconds; raises DefinitionError for what is none, or above a year."""
    if isinstance(duration, timedelta):
        duration = duration.total_seconds()
    seconds = float("nan")
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        seconds = duration
    # Infinity and NaN, which do not become an integer, fail this comparison too.
    if abs(seconds) * 1000 <= LONGEST_MS:
        return round(seconds * 1000)
    raise DefinitionError(
        place,
        f"the {what} {duration!r} is not a duration of at most a year",
        f"Write {what}=2.5 (seconds) or {what}=timedelta(minutes=1)",
    )


def retry_of(place: str, policy: object, default: Retry) -> Retry:
    """A policy in milliseconds; what it leaves out is taken from the default."""
    if not isinstance(policy, RetryPolicy):
        raise DefinitionError(
            place, f"{policy!r} is not a retry policy", "Write RetryPolicy(attempts=5, initial=0.5)"
        )
    attempts = default.attempts if policy.attempts is None else policy.attempts
    coefficient = default.coefficient if policy.coefficient is None else policy.coefficient
    if not _number(attempts, int) or not _number(coefficient, int | float) or coefficient > _MOST:
        raise DefinitionError(
            place,
            f"attempts {attempts!r} and coefficient {coefficient!r} are not both numbers",
            "Write RetryPolicy(attempts=5, coefficient=2)",
        )
    return Retry(
        attempts=attempts,
        initial_ms=_pause(place, "initial", policy.initial, default.initial_ms),
        maximum_ms=_pause(place, "maximum", policy.maximum, default.maximum_ms),
        coefficient=float(coefficient),
    )


def _number(value: object, kind: type | object) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # type: ignore[arg-type]


def _pause(place: str, what: str, given: object, default: int) -> int:
    return default if given is None else milliseconds(place, what, given)
