"""The state of a saga: what its facts fold to. It is never stored, always derived (DESIGN law 14).

Times are Unix milliseconds. States are values: ``evolve`` and ``decide`` return new ones.
"""

from typing import Any, Literal

import msgspec

from orchestrator.definition.nodes import Direction
from orchestrator.engine.facts import SignalHeld
from orchestrator.engine.inputs import Parent

Phase = Literal[
    "sent",  # a command is out, its deadline is ``due``
    "pausing",  # an attempt failed, the next one goes out at ``due``
    "waiting",  # for a signal, or until ``due``
    "done",  # it succeeded (in direction "undo": it is undone)
    "refused",  # definitely not done
    "unknown",  # given up without an answer: it counts as perhaps done
    "stuck",  # a person must decide
    "skipped",  # a person wrote it off
    "dropped",  # nothing is waited for any more, as the saga has turned
]
Mode = Literal["forward", "settling", "compensating", "completed", "failed"]
Status = Literal["running", "compensating", "needs_operator", "completed", "failed"]


class StepState(msgspec.Struct, frozen=True, gc=False):
    """Where one step stands.

    ``due`` is 0 when it waits for nothing; ``error`` is the last thing that went wrong;
    ``settled`` says that its round has ended with a refusal, so that only a new round can
    change it (DESIGN law 4); ``spent`` counts the attempts of this round that were made before
    an operator granted new ones. ``stands`` is the last round before this one that was done and is
    not undone (0: none); ``child`` names the saga that does it, empty where a participant does;
    ``person``: somebody is waited for.
    """

    phase: Phase
    direction: Direction
    round: int
    attempt: int
    due: int
    since: int
    error: str = ""
    settled: bool = False
    spent: int = 0
    stands: int = 0
    child: str = ""
    person: bool = False

    @property
    def waits(self) -> bool:
        """Whether the engine still works on it: a command is out or will go out again."""
        return self.phase in ("sent", "pausing")


class State(msgspec.Struct):
    """One saga. ``data`` is its input under ``input`` and the reply of every step under the
    step's name.

    ``repairs`` are the operator's requests that were carried out, ``signals`` those that were
    taken: why each was refused, empty where it was applied (DESIGN law 4). ``code``, ``reason``
    and ``http`` say why it failed (or is failing); ``parked`` why no
    decision could be made. ``deadline`` is when forward work stops (0: never, or not any more),
    ``person_since`` since when that clock stands still because a person is waited for; ``late``:
    the deadline has passed, and there was no way back. ``delegated`` names the step whose child
    keeps the deadline meanwhile. ``parent`` waits for this saga; ``held`` are the signals that are
    not decided yet; ``changed`` are the fields of the input that signals have replaced: ``data``
    keeps what the saga was started with; ``asked`` has these fields as they were when a round was
    asked for the first time (step/round), where they were replaced since. ``progress``: every move
    of a step is told. ``moves`` are the operator's requests to go by another version, as
    ``signals``.
    """

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
    repairs: tuple[str, ...] = ()
    signals: dict[str, str] = {}
    undone: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    http: int = 0
    parked: str = ""
    deadline: int = 0
    person_since: int = 0
    late: bool = False
    delegated: str = ""
    parent: Parent | None = None
    held: tuple[SignalHeld, ...] = ()
    changed: dict[str, Any] = {}
    progress: bool = False
    moves: dict[str, str] = {}
    asked: dict[str, dict[str, Any]] = {}

    def stamp(self, before: "State | None", at: int) -> None:
        """Number the state after a transition, and note when it moved: what had ended ``before``
        does not move by what comes too late for it.
        """
        self.number = before.number + 1 if before else 1
        if before is None or before.open:
            self.updated_at = at

    @property
    def open(self) -> bool:
        """Whether the saga has not ended."""
        return self.mode not in ("completed", "failed")

    @property
    def stuck(self) -> list[str]:
        """The steps that wait for a person."""
        return [name for name, step in self.steps.items() if step.phase == "stuck"]

    @property
    def asking(self) -> dict[str, dict[str, Any]]:
        """The rounds that may be asked for again, and the changed fields so far: all attempts of a
        round say the same (DESIGN law 4). But a child has been told of a change, and has applied
        it.
        """
        return {
            f"{name}/{step.round}": self.changed
            for name, step in self.steps.items()
            if step.direction == "do" and (step.waits or step.phase == "stuck") and not step.child
        }

    @property
    def persons(self) -> bool:
        """Whether a step waits for a person, stuck or by its definition."""
        return any(
            step.phase == "stuck" or (step.person and step.phase == "waiting")
            for step in self.steps.values()
        )

    @property
    def status(self) -> Status:
        """What users are shown."""
        if self.mode in ("completed", "failed"):
            return self.mode
        if self.parked or self.stuck:
            return "needs_operator"
        return "running" if self.mode == "forward" else "compensating"

    @property
    def wake_at(self) -> int:
        """The earliest time at which something is due; 0 when it has ended or waits for a
        person (DESIGN law 12).
        """
        if self.parked or not self.open:
            return 0
        earliest = 0
        for step in self.steps.values():  # a loop, for it is asked after every transition
            due = step.due
            if due and (due < earliest or not earliest):
                earliest = due
        if not self.deadline or self.person_since or self.delegated:
            return earliest
        return min(earliest, self.deadline) if earliest else self.deadline
