"""Whatever happens to what waits, to a child, and to what signals change: `saga check` of each.

The planted bugs of these nodes (tests/planted) name the cases here as their checks.
"""

import pytest

from orchestrator.verify.explore import Bound, Explored, explore
from orchestrator.verify.result import result
from tests.unit.verify.lifecycles import EVERY


def told(explored: Explored) -> str:
    """What was found, for whoever reads the failure; empty where all holds."""
    found = result(explored).violation
    return "" if found is None else f"{found.law}: {found.why}\n{found.timeline}"


@pytest.mark.parametrize("name", EVERY)
def test_it_holds_with_two_adversities_on_a_path(name: str) -> None:
    explored = explore(EVERY[name], Bound(2))
    assert told(explored) == ""
    assert explored.exhausted
    assert len(explored.rows) == len(explored.subject.rows)


@pytest.mark.parametrize("name", ["beside", "two waits", "change beside", "stopped"])
def test_without_its_reductions_it_finds_the_same(name: str) -> None:
    """Exchanging what is alike and going on one after another leaves nothing out."""
    whole, reduced = explore(EVERY[name], Bound(1, exact=True)), explore(EVERY[name], Bound(1))
    assert told(whole) == ""
    assert whole.exhausted
    assert len(whole.rows) == len(reduced.rows)
    assert whole.states >= reduced.states
