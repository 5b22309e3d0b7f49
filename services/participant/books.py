"""The books of a service: what it holds, as plain data that anybody can print and balance."""

from typing import NamedTuple


class Check(NamedTuple):
    """One thing that must add up: in ``what``, ``expected`` should equal ``found``."""

    what: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        """Whether it adds up."""
        return self.expected == self.found


class Books(NamedTuple):
    """A table (``titles`` over ``rows``) under a heading, and the checks that go with it."""

    heading: str
    titles: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    checks: tuple[Check, ...] = ()

    @property
    def balanced(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)
