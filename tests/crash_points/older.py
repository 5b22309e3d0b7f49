"""A process dies while it brings a database to the newest schema.

``forward``: the database is new. ``undo``: it is of an older program, and holds what is under way.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.crash_points import traffic
from tests.crash_points.stage import OTHERS, Stage

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
        return
    await traffic.at_payment(stage)
    await stage.stop("orchestrator")
    _make_older(stage.file, LOG_BEFORE)
    stage.orchestrator(point)
    await stage.died("orchestrator", point)
    stage.orchestrator()
    traffic.pay(stage)
    await stage.ended()


async def service(stage: Stage, point: str) -> None:
    """The services; one of them has an older database."""
    if stage.direction == "forward":
        await traffic.services_at_first(stage, point)
        return
    await traffic.at_payment(stage)
    await stage.stop("services")
    _make_older(stage.data / "services" / "shipping.db", SHIPPING_BEFORE)
    stage.services(*OTHERS, point=point)
    await stage.died("services", point)
    stage.services(*OTHERS)
    traffic.pay(stage)
    await stage.ended()


def _make_older(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as made:
        made.executescript(script)
