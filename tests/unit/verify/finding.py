"""How a planted defect must be found: its law, its words, and a path that plays it again."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from orchestrator.definition.nodes import Definition
from orchestrator.verify import timeline
from orchestrator.verify.errors import NoSuchPath
from orchestrator.verify.explore import Bound, explore
from orchestrator.verify.result import result

Patch = pytest.MonkeyPatch


def is_found_and_told(
    plant: Callable[[Patch], None], subject: Definition, law: str, said: str, patch: Patch
) -> None:
    """The check finds the defect, tells it, and tells it again by its path."""
    plant(patch)
    explored = explore(subject, Bound(2))
    found = result(explored).violation
    assert not explored.holds
    assert found is not None
    print(f"{plant.__doc__}\n{found.timeline}\n{found.path}\n")
    assert found.law == law
    assert said in found.why
    if found.path:
        assert found.timeline.startswith("  1  ")
        assert f"BROKEN  {law}" in found.timeline
        assert timeline.again(subject, found.path).violation is not None
        patch.undo()
        with suppress(NoSuchPath):  # the right engine may not even get that far
            assert timeline.again(subject, found.path).violation is None
