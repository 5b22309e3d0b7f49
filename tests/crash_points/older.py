"""A process dies while it brings a database to the newest schema.

``forward``: the database is new. ``undo``: it is of an older program, and holds what is under way.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.crash_points import traffic
from tests.crash_points.stage import Stage

LOG_BEFORE: Final = """
    DROP TRIGGER saga_begins; DROP TRIGGER saga_moves; DROP TRIGGER saga_goes;
    DROP TABLE tallies;
    DROP TABLE rollouts;
    PRAGMA user_version = 1;
"""
SHIPPING_BEFORE: Final = """
    DROP TABLE package_events;
    DROP TABLE packages;
    ALTER TABLE zones DROP COLUMN alpha3;
    PRAGMA user_version = 1;
"""


async def saga_log(stage: Stage, point: str) -> None:
    """The orchestrator, and its file."""
    if stage.direction == "forward":
        await traffic.orchestrator_at_first(stage, point)
    else:
        await _under_way(stage, point, "orchestrator", stage.file, LOG_BEFORE)


async def service(stage: Stage, point: str) -> None:
    """The services; one of them has an older database."""
    if stage.direction == "forward":
        await traffic.services_at_first(stage, point)
    else:
        file = stage.data / "services" / "shipping.db"
        await _under_way(stage, point, "services", file, SHIPPING_BEFORE)


async def _under_way(stage: Stage, point: str, role: str, file: Path, script: str) -> None:
    await traffic.at_payment(stage)
    await stage.stop(role)
    with closing(sqlite3.connect(file, isolation_level=None)) as made:
        made.executescript(script)
    traffic.begin(stage, role, point)
    await stage.died(role, point)
    traffic.begin(stage, role)
    traffic.pay(stage)
    await stage.ended()
