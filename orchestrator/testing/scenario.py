"""One saga in a test, and where a test begins."""

from orchestrator.definition.words.builder import Saga
from orchestrator.testing.expectations import Expectations
from orchestrator.testing.happenings import Happenings


class Scenario(Happenings, Expectations):
    """One saga in a test: told things one after another, and asked what it did."""

    @property
    def status(self) -> int:
        """The HTTP-like status that the saga fails with; 0 while nothing went wrong."""
        return self._begun().http


def given(saga: Saga) -> Scenario:
    """Begin a test of this saga."""
    return Scenario(saga)
