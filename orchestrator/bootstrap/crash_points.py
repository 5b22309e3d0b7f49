"""The crash points of the whole product, and how a process is armed with one.

Each room names its own; the library of the services is loaded by name, as whatever runs them.
"""

import os
from importlib import import_module
from typing import Final

from infra.boundaries import CRASH_AT, Point, arm, boundaries

ROOMS: Final = (
    "orchestrator.sagalog.boundaries",
    "orchestrator.runtime.boundaries",
    "orchestrator.replay.boundaries",
    "orchestrator.admin.boundaries",
    "services.participant.boundaries",
)


def crash_points() -> list[Point]:
    """Every crash point, by name of its boundary, each boundary's in the order they are passed."""
    for room in ROOMS:
        import_module(room)
    return [point for boundary in boundaries() for point in boundary.points()]


def arm_from_environment() -> None:
    """Let this process kill itself where `SAGA_CRASH_AT` says, if it says so.

    Raises UnknownPoint naming those that there are.
    """
    if spec := os.environ.get(CRASH_AT):
        crash_points()
        arm(spec)
