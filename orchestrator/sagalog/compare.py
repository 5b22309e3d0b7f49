"""Comparing two saga logs row for row (DESIGN law 14).

Offsets, epochs and marks are facts about a topic and are left out: a log that was rebuilt, or
filled again, says the same with others.
"""

import sqlite3
from collections.abc import Iterator
from itertools import islice
from os import PathLike
from typing import Any

from infra.datastore import open_database
from orchestrator.sagalog.lookups import SQL

Row = tuple[Any, ...]

# Table -> (statement, how many of its first columns identify a row)
_TABLES = {
    "definitions": (SQL["compare_definitions"], 1),
    "rollouts": (SQL["compare_rollouts"], 2),
    "sagas": (SQL["compare_sagas"], 1),
    "transitions": (SQL["compare_transitions"], 2),
    "tallies": (SQL["compare_tallies"], 3),
}


def differences(
    left: str | PathLike[str], right: str | PathLike[str], limit: int = 20
) -> list[str]:
    """What differs between two files, at most ``limit`` lines; empty when they say the same.

    Raises DatabaseNotOpened when one of them cannot be opened.
    """
    one = open_database(left, readonly=True)
    try:
        other = open_database(right, readonly=True)
        try:
            return list(islice(_differences(one, other), limit))
        finally:
            other.close()
    finally:
        one.close()


def _differences(one: sqlite3.Connection, other: sqlite3.Connection) -> Iterator[str]:
    for table, (statement, width) in _TABLES.items():
        for left, right in _pairs(one.execute(statement), other.execute(statement), width):
            if left is None or right is None:
                where = "first" if right is None else "second"
                yield f"{table} {(left or right or ())[:width]}: only in the {where}"
            elif left != right:
                yield f"{table} {left[:width]}: first {left[width:]}, second {right[width:]}"


def _pairs(
    left: Iterator[Row], right: Iterator[Row], width: int
) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of the same identity side by side; both come in the order of their identities."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        first = min(row[:width] for row in (one, other) if row is not None)
        mine = one if one is not None and one[:width] == first else None
        yours = other if other is not None and other[:width] == first else None
        yield mine, yours
        one = one if mine is None else next(left, None)
        other = other if yours is None else next(right, None)
