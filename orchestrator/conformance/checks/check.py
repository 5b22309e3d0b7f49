"""What a check is."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from orchestrator.conformance.scene import Scene

DO: Final = frozenset({"do"})
UNDO: Final = frozenset({"do", "undo"})
REFUSED: Final = frozenset({"do", "refused"})


class Check(NamedTuple):
    """One rule of docs/protocol.md and how it is tried.

    ``run`` returns when the participant keeps it, raises Wrong when it does not, NotSeen when that
    cannot be told here. ``needs``: the examples without which it is skipped.
    """

    name: str
    rule: str
    needs: frozenset[str]
    run: Callable[[Scene], Awaitable[None]]
