"""The commands of one run: effects that nobody asked for before, and what can be asked of them."""

from dataclasses import replace
from typing import Any, Final

from contracts.envelope import Direction
from infra.clock import Clock
from orchestrator.conformance.commands import Command, Effect
from orchestrator.conformance.examples import Example, Examples

RESERVED: Final = 1 << 52
"""Sagas of the kit have ids from here on: an orchestrator that counts from 1 never comes there."""
PER_RUN: Final = 1 << 10
LATE_MS: Final = 3_600_000
"""How long ago the deadline of a late command passed: no allowance for clocks is that large."""
UNKNOWN: Final = "NoSuchCommandOfTheConformanceKit"


class Script:
    """Writes commands whose replies go to this topic, to its partitions in turn.

    ``first``: the first number for ``{{unique}}``; None takes one made of the time.
    """

    def __init__(
        self,
        examples: Examples,
        clock: Clock,
        replies: tuple[str, int],
        first: int | None = None,
    ) -> None:
        self.examples = examples
        self._clock = clock
        self._replies, self._reply_partitions = replies
        now = clock.now_ms()
        self._saga = RESERVED + now % (1 << 41) * PER_RUN
        self._unique = now * PER_RUN if first is None else first - 1
        self.step = f"conformance-{now:x}"

    def effect(self, *, saga: int | None = None, step: str = "") -> Effect:
        """An effect that nobody has asked for yet."""
        self._saga += 1
        self._unique += 1
        given = self._saga if saga is None else saga
        return Effect(self.examples.tenant, given, f"{self.step}{step}", self._unique)

    def do(self, effect: Effect, number: int = 1, attempt: int = 1, **extra: Any) -> Command:
        """The example do; without one a command of no known type."""
        return self._command(self.examples.do, effect, ("do", number, attempt), extra)

    def undo(self, effect: Effect, number: int = 1, attempt: int = 1, **extra: Any) -> Command:
        """The example undo."""
        return self._command(self.examples.undo, effect, ("undo", number, attempt), extra)

    def refused(self, effect: Effect, number: int = 1, attempt: int = 1) -> Command:
        """The example do that the business refuses."""
        return self._command(self.examples.refused, effect, ("do", number, attempt), {})

    def unknown(self, effect: Effect) -> Command:
        """A do of a type that nobody knows."""
        return self._command(None, effect, ("do", 1, 1), {})

    def late(self, command: Command) -> Command:
        """The same command with a deadline long past."""
        return replace(command, deadline=self._clock.now_ms() - LATE_MS)

    def _command(
        self,
        example: Example | None,
        effect: Effect,
        attempt: tuple[Direction, int, int],
        extra: dict[str, Any],
    ) -> Command:
        known = example or Example(UNKNOWN, {})
        return Command(
            effect,
            *attempt,
            type=known.type,
            data=known.filled(effect.unique),
            deadline=self._clock.now_ms() + LATE_MS,
            reply_topic=self._replies,
            reply_partition=effect.saga % self._reply_partitions,
            extra=extra,
        )
