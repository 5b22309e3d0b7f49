"""The words for steps, branches and events. ``saga(...).ends()`` checks the whole (`compiling`).

Nothing is checked here but what would be lost. Durations are seconds or ``timedelta``.
"""

from collections.abc import Mapping
from typing import Final, Never

from contracts.messages import Command, Event
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.nodes import Kind
from orchestrator.definition.words.specs import (
    TIMEOUT,
    USUAL,
    Branch,
    Duration,
    EventSpec,
    Fields,
    ParallelSpec,
    RetryPolicy,
    Spec,
    StepSpec,
    Undo,
)


def read(
    name: str,
    command: type[Command],
    *,
    fields: Fields | None = None,
    timeout: Duration = TIMEOUT,
    retry: RetryPolicy = USUAL,
    **unknown: Never,
) -> StepSpec:
    """A step that only looks: it has no effect, so there is nothing to undo."""
    _refuse(name, "read", unknown)
    return StepSpec(name, "read", command, None, fields or {}, timeout, retry)


def compensatable(
    name: str,
    command: type[Command],
    *,
    undo: type[Command] | Undo | None = None,
    fields: Fields | None = None,
    timeout: Duration = TIMEOUT,
    retry: RetryPolicy = USUAL,
    **unknown: Never,
) -> StepSpec:
    """A step that another command can undo; it stands before the pivot."""
    _refuse(name, "compensatable", unknown)
    if undo is not None and not isinstance(undo, Undo):
        undo = Undo(undo)
    return StepSpec(name, "compensatable", command, undo, fields or {}, timeout, retry)


def pivot(
    name: str,
    command: type[Command],
    *,
    fields: Fields | None = None,
    timeout: Duration = TIMEOUT,
    retry: RetryPolicy = USUAL,
    **unknown: Never,
) -> StepSpec:
    """The point of no return: refused, all before it is undone; done, all after it must be too."""
    _refuse(name, "pivot", unknown)
    return StepSpec(name, "pivot", command, None, fields or {}, timeout, retry)


def retriable(
    name: str,
    command: type[Command],
    *,
    fields: Fields | None = None,
    timeout: Duration = TIMEOUT,
    retry: RetryPolicy = USUAL,
    **unknown: Never,
) -> StepSpec:
    """A step that must succeed: it is retried until it does, and stands after all that may fail."""
    _refuse(name, "retriable", unknown)
    return StepSpec(name, "retriable", command, None, fields or {}, timeout, retry)


def parallel(*branches: Branch) -> ParallelSpec:
    """Branches that run at the same time; a branch is a step, or several in a ``sequence``."""
    return ParallelSpec(branches)


def sequence(*steps: Spec) -> tuple[Spec, ...]:
    """A branch of a parallel in which one step follows another."""
    return steps


def event(contract: type[Event], *, fields: Fields) -> EventSpec:
    """An event of which some fields are filled by an explicit mapping, the others by name."""
    return EventSpec(contract, fields)


def _refuse(name: str, kind: Kind, unknown: Mapping[str, object]) -> None:
    # Python would raise a TypeError, which says neither which step nor what to write instead.
    options = "fields, timeout and retry"
    if kind == "compensatable":
        options = f"undo, {options}"
    for option in unknown:
        reason, remedy = f"a {kind} step has no option {option!r}", f"Its options are {options}"
        if option == "undo":
            reason, remedy = _NO_UNDO[kind]
        raise DefinitionError(f"step {name}", reason, remedy)


_NO_UNDO: Final[Mapping[str, tuple[str, str]]] = {
    "read": (
        "a read has no effect, so there is nothing to undo",
        "Leave the undo out, or write compensatable(...) if the command does change something",
    ),
    "pivot": (
        "the pivot is the point of no return, so it cannot be undone",
        "Leave the undo out, or write compensatable(...) if the step can be undone",
    ),
    "retriable": (
        "a retriable step is never undone: once it may run, the saga can only be completed",
        "Leave the undo out, or write compensatable(...) and put the step before the pivot",
    ),
}
