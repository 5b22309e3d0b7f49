"""What an examination found: plain data, for a program and for a view."""

from typing import Literal

import msgspec

Status = Literal["passed", "failed", "skipped"]


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """One check: what was expected and found where it failed, why it was skipped."""

    name: str
    rule: str
    status: Status
    expected: str = ""
    found: str = ""
    why: str = ""


class Report(msgspec.Struct, frozen=True):
    """All checks of one participant. ``standing``: effects of the examples that are not undone."""

    topic: str
    broker: str
    checks: tuple[Result, ...]
    standing: int

    def named(self, status: Status) -> tuple[str, ...]:
        """The names of the checks that ended so."""
        return tuple(result.name for result in self.checks if result.status == status)

    @property
    def conforms(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.named("failed")
