"""The times of a step: its timeouts, and when it is asked again."""

from math import isfinite
from typing import Final

from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Leaf, Retry, Wait

MOST_ATTEMPTS: Final = 1_000_000
"""More of them would take years, and are a slip of the pen."""


def check_timing(place: str, leaf: Leaf) -> None:
    """Raise DefinitionError for times and retries that cannot be."""
    if isinstance(leaf, Wait):
        if leaf.timeout_ms < 1:
            raise DefinitionError(
                place,
                f"the timeout is {leaf.timeout_ms} ms, and nothing can come in that time",
                "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
            )
        return
    for spot, timeout in ((place, leaf.timeout_ms), (f"{place}, undo", leaf.undo_timeout_ms)):
        if timeout < 1:
            raise DefinitionError(
                spot,
                f"the timeout is {timeout} ms, and nobody can answer in that time",
                "Write a timeout of at least a millisecond, such as timeout=10 (seconds)",
            )
    _check_retry(f"{place}, retry", leaf.retry)
    _check_retry(f"{place}, undo, retry", leaf.undo_retry)


def _check_retry(place: str, retry: Retry) -> None:
    problem = remedy = ""
    if retry.attempts < 0:
        problem = f"{retry.attempts} attempts cannot be made"
        remedy = "Write the attempts in all, the first one included, or FOREVER"
    elif retry.attempts > MOST_ATTEMPTS:
        problem = f"{retry.attempts} attempts are never made"
        remedy = f"Write at most {MOST_ATTEMPTS:,} attempts, or FOREVER (0)"
    elif retry.initial_ms < 1:
        problem = (
            f"the initial pause is {retry.initial_ms} ms, which hammers a service that is down"
        )
        remedy = "Write an initial pause of at least a millisecond, such as initial=1 (seconds)"
    elif retry.initial_ms > retry.maximum_ms:
        problem = (
            f"the initial pause, {retry.initial_ms} ms, is above the maximum, {retry.maximum_ms} ms"
        )
        remedy = "Write a maximum that is at least the initial pause"
    elif not (isfinite(retry.coefficient) and retry.coefficient >= 1):
        problem = f"with a coefficient of {retry.coefficient} the pauses do not grow"
        remedy = "Write 1 for equal pauses, 2 to double them each time"
    if problem:
        raise DefinitionError(place, problem, remedy)
