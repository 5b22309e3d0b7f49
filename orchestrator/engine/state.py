"""The state of a saga: what its facts fold to. It is never stored, always derived (DESIGN law 14)."""

from typing import Any, Literal

import msgspec

from orchestrator.definition.nodes import Direction

Phase = Literal[
    "sent",  # a command is out, its deadline is ``due``
    "pausing",  # an attempt failed, the next one goes out at ``due``
    "done",  # it succeeded (in direction "undo": it is undone)
    "refused",  # definitely not done
    "unknown",  # given up without an answer: it counts as perhaps done
    "stuck",  # a person must decide
    "skipped",  # a person wrote it off
]
Mode = Literal["forward", "settling", "compensating", "completed", "failed"]
Status = Literal["running", "compensating", "needs_operator", "completed", "failed"]


class StepState(msgspec.Struct, gc=False):
    """Where one step stands; ``due`` is 0 when it waits for nothing, ``error`` is the last thing that went wrong."""

    phase: Phase
    direction: Direction
    round: int
    attempt: int
    due: int
    since: int
    error: str = ""


class State(msgspec.Struct):
    """One saga. ``data`` is its input under ``input`` and the reply of every step under the step's name."""

    saga: int
    definition: str
    version: str
    tenant: int
    key: str
    trace: str
    number: int
    started_at: int
    updated_at: int
    mode: Mode
    data: dict[str, dict[str, Any]]
    steps: dict[str, StepState]
    undone: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    http: int = 0
    parked: str = ""

    @property
    def open(self) -> bool:
        """Whether the saga has not ended."""
        return self.mode not in ("completed", "failed")

    @property
    def stuck(self) -> list[str]:
        """The steps that wait for a person."""
        return [name for name, step in self.steps.items() if step.phase == "stuck"]

    @property
    def status(self) -> Status:
        """What users are shown."""
        if self.mode in ("completed", "failed"):
            return self.mode  # type: ignore[return-value]
        if self.parked or self.stuck:
            return "needs_operator"
        return "running" if self.mode == "forward" else "compensating"

    @property
    def wake_at(self) -> int:
        """The earliest time at which something is due, or 0 (DESIGN law 12: then a person is waited for)."""
        return min((step.due for step in self.steps.values() if step.due), default=0)
