"""A child saga as its parent sees it, as a value: what it may answer, and how it may end.

It keeps a participant's promise (orchestrator/runtime/children.py): begun once however often it is
asked for, and its end is told as often as it is asked again. What it does inside is not seen: it
may end in any way, at any time, unless what it has said before rules that out. A test holds this
model and sagas on the real engine together.
"""

from typing import Final, Literal, NamedTuple

from orchestrator.engine.signals import CANCEL, CANCELLED

Course = Literal["runs", "stopping"]
"""It has not agreed to stop, or it has. That it has refused once says nothing: it may have been
parked.
"""


class Said(NamedTuple):
    """A signal that it has decided: its identity, and whether it applied."""

    id: str
    applied: bool


class Child(NamedTuple):
    """The child of one round."""

    round: int = 0
    course: Course = "runs"
    said: tuple[Said, ...] = ()

    def of(self, number: int) -> "Child":
        """The child of this round: another one where the last was of an older round."""
        return self if self.round == number else Child(number)

    def may_end(self, outcome: str, code: str = "") -> bool:
        """Whether it may end like that. What has agreed to stop is cancelled, and nothing else."""
        return self.course != "stopping" or (outcome == "refused" and code == CANCELLED)

    @property
    def may_apply(self) -> bool:
        """Whether it may agree to a signal."""
        return self.course == "runs"

    def verdict(self, identity: str) -> bool | None:
        """What it has said to this signal; None: nothing yet."""
        return next((one.applied for one in self.said if one.id == identity), None)

    def decided(self, identity: str, signal: str, applied: bool) -> "Child":
        """The child once it has decided this signal."""
        course = "stopping" if applied and signal == CANCEL else self.course
        return Child(self.round, course, (*self.said, Said(identity, applied)))


UNBORN: Final = Child()
