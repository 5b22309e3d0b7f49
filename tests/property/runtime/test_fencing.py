"""DESIGN law 9 on the real ownership machine: what is acted on stands in the valid log, whoever
wrote.
"""

# pylint: disable=use-implicit-booleaness-not-comparison
# pylint: disable=protected-access  # a rule is taken out to see that the check can fail

from typing import Any

import pytest

from orchestrator.runtime import happenings as h
from orchestrator.runtime import ownership
from tests.property.runtime.fenced import Rules, explore

LIMIT = 400_000


def test_two_owners_within_a_small_scope() -> None:
    """Every interleaving of two claims and three transitions: all three properties hold."""
    worlds, path = explore(Rules(longest=5, claims=2), LIMIT)
    assert path == []
    assert worlds > 50_000


def test_it_needs_the_epoch() -> None:
    """Readers that do not compare epochs take a replaced owner's straggler: the check can fail."""
    _, path = explore(Rules(epochs=False, claims=2), LIMIT)
    assert path[-1] == "the log is illegal"


def test_it_needs_the_numbers() -> None:
    """Readers that do not compare numbers miss that an earlier append was lost."""
    _, path = explore(Rules(numbers=False, claims=2), LIMIT)
    assert path[-1] == "the log is illegal"


def test_it_needs_the_expected_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    """An owner that takes any offset acts on what its successor does not see."""

    def careless(own: Any, event: Any) -> Any:
        expecting = ownership._change(own, expected=event.base)
        return ownership._confirm(expecting, event.base)

    monkeypatch.setitem(ownership._STEP, h.Acknowledged, careless)
    _, path = explore(Rules(claims=2), LIMIT)
    assert path[-1] != "" and "worlds" not in path[-1]
