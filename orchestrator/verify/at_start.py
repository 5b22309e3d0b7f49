"""The check of small definitions when a process starts: quick, and it says what it left out."""

from collections.abc import Iterable
from typing import Final

from orchestrator.definition.nodes import Definition
from orchestrator.verify.explore import Bound, Explored, explore

DEPTH: Final = 1
STATES: Final = 4_000
"""About half a second on a slow core."""


def checked_at_start(definitions: Iterable[Definition], budget: int = STATES) -> list[Explored]:
    """Explore each definition with one adversity on a path and at most ``budget`` situations.

    A result whose ``violation`` is set must not run; one that is not ``exhausted`` was too large to
    be checked here, and is left to ``saga check``.
    """
    return [explore(definition, Bound(DEPTH, budget)) for definition in definitions]
