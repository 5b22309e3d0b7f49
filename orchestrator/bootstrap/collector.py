"""Python's cyclic garbage collector, told what kind of process this is."""

import gc
from typing import Final

YOUNG: Final = 100_000
"""Allocations between two collections; Python's own default is 700 (2000 from 3.12 on)."""


def collect_rarely() -> None:
    """Leave what start-up made out of every collection, and collect the rest rarely.

    A busy process keeps thousands of sagas and messages in plain containers that hold no cycles:
    with
    the defaults the collector walks them again and again and finds nothing. In alternating runs of
    ``saga bench`` that was a sixth of the orchestrator's CPU; peak memory stayed the same.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 50, 100)
