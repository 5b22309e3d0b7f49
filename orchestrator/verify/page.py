"""One transition as the witness reads it: the definition, the book so far, and the input that was
decided; and what the readers ask of them.
"""

from typing import NamedTuple

from orchestrator.definition.nodes import Call
from orchestrator.engine.inputs import Input
from orchestrator.verify.book import Book
from orchestrator.verify.subject import CHANGED, PLAIN, Subject


class Page(NamedTuple):
    """``given`` is None where only facts are read."""

    subject: Subject
    book: Book
    given: Input | None = None

    def committed(self) -> str:
        """The steps from which there is no way back, as far as they were asked: but for a child
        that is running, and decides that itself.
        """
        subject, deciding = self.subject, self.deciding()
        asked = [name for name in subject.names if self.book.of(name).asked]
        kinds = {name: subject.plan.steps[name].step.kind for name in asked if name != deciding}
        return ", ".join(name for name, kind in kinds.items() if kind in ("pivot", "retriable"))

    def deciding(self) -> str:
        """The step whose child is running and has a point of no return of its own."""
        running = (name for name in self.subject.deciding if not self.book.of(name).settled)
        return next(running, "")

    def keeper(self) -> str:
        """The step whose child keeps the deadline meanwhile."""
        deciding = self.deciding()
        return deciding if deciding and self.book.of(deciding).keeps else ""

    def person(self) -> bool:
        """Whether somebody is waited for, so that the clock of the saga stands still."""
        waits = self.subject.waits
        return self.book.parked or any(
            entry.stuck or entry.back == "stuck" or (entry.came == "waiting" and waits[name].person)
            for name, entry in self.book.entries.items()
        )

    def wrong(
        self, fields: dict[str, str], data: dict[str, object], changed: frozenset[str]
    ) -> str:
        """The first field that is filled from the input as it is not where these have changed."""
        for name, source in fields.items():
            section, _, key = source.partition(".")
            value = CHANGED if key in changed else PLAIN
            if section == "input" and data.get(name) != value:
                return name
        return ""

    def call(self, name: str, direction: str) -> Call | None:
        """The command of a step in this direction."""
        step = self.subject.plan.steps[name].step
        return getattr(step, direction, None)
