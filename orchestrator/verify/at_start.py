"""The check of small definitions when a process starts: quick, and it says what it left out."""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from orchestrator import definition as definition_room
from orchestrator import engine as engine_room
from orchestrator.definition.nodes import Definition
from orchestrator.verify.explore import Bound, Explored, explore

DEPTH: Final = 1
STATES: Final = 4_000
"""About half a second on a slow core."""


def checked_at_start(definitions: Iterable[Definition], budget: int = STATES) -> list[Explored]:
    """Explore the definitions with one adversity on a path and at most ``budget`` situations in
    all of them together.

    A result whose ``violation`` is set must not run; one that is not ``exhausted`` was too large
    to be checked here, and is left to ``saga check``.
    """
    found: list[Explored] = []
    for definition in definitions:
        explored = explore(definition, Bound(DEPTH, budget))
        found.append(explored)
        budget = max(budget - explored.states, 0)
    return found


@cache
def engine_version() -> str:
    """What a result of a check holds for: the first 16 hex digits of the SHA-256 of the engine's,
    the definitions' and the check's source.
    """
    digest = sha256()
    for place in (definition_room.__file__, engine_room.__file__, __file__):
        for source in sorted(Path(str(place)).parent.glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
