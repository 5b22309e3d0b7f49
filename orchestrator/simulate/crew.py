"""Many runs, on all cores: the only module here that starts processes.

A task is some runs of one variant. Whoever plays it, it comes to the same: luck is a matter of seed
and run (``luck``). So one process gives the same figures as many.
"""

import os
import signal
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final, NamedTuple

from orchestrator.definition.nodes import version
from orchestrator.simulate.cast import Family
from orchestrator.simulate.luck import BLOCK, Luck
from orchestrator.simulate.outcomes import Given
from orchestrator.simulate.stage import Stage, draws_of, resolved
from orchestrator.simulate.tally import Tally

ALONE: Final = 4_000
"""So few runs are played here: to start processes takes longer."""
_STAGES: Final = 2
_BLOCKS: Final = 40
_CHUNK: Final = 2


class Task(NamedTuple):
    """So many runs of a family, from the beginning of a block; ``quick``: nobody wants to know more
    of them than whether they are done in time, and what keeps them from it. Those of which that is
    ``known`` (not UNKNOWN) are not played.
    """

    family: Family
    block: int
    runs: int
    quick: bool = False
    known: bytes = b""


class Studio:
    """Plays tasks, and keeps for the next ones what it has learned."""

    def __init__(self, given: Given, family: Family, seed: int) -> None:
        self._outcomes = resolved(given, family)
        self._draws = draws_of(given, family)
        self._seed = seed
        self._stages: OrderedDict[tuple[str, ...], Stage] = OrderedDict()
        self._blocks: OrderedDict[int, Luck] = OrderedDict()

    def play(self, task: Task) -> Tally:
        """Play one task."""
        stage, tally = self._stage(task.family), Tally()
        for number in range(-(-task.runs // BLOCK)):
            first = number * BLOCK
            runs, known = min(BLOCK, task.runs - first), task.known[first : first + BLOCK]
            tally.play(stage, self._luck(task.block + number), runs, task.quick, known)
        return tally

    def _stage(self, family: Family) -> Stage:
        key = tuple(map(version, family.values()))
        if key not in self._stages:
            self._stages[key] = Stage(family, self._outcomes)
            if len(self._stages) > _STAGES:
                self._stages.popitem(last=False)
        return self._stages[key]

    def _luck(self, block: int) -> Luck:
        if block not in self._blocks:
            self._blocks[block] = Luck(self._seed, block, self._draws, BLOCK)
            if len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[block]


Progress = Callable[[int], None]
"""Is told after each task how many runs it had."""


class Crew:
    """Plays tasks, alone or with others."""

    def __init__(self, studio: Studio, pool: ProcessPoolExecutor | None, told: Progress) -> None:
        self._studio = studio
        self._pool = pool
        self._told = told

    def play(self, tasks: Sequence[Task]) -> list[Tally]:
        """The tally of each task, in order."""
        tallies = (
            map(self._studio.play, tasks) if self._pool is None else self._pool.map(_play, tasks)
        )
        found: list[Tally] = []
        for tally in tallies:
            found.append(tally)
            self._told(tally.runs)
        return found

    def runs(self, family: Family, runs: int) -> Tally:
        """So many runs of a family, from the first block on, shared out."""
        size = _CHUNK * BLOCK
        firsts = range(0, runs, size)
        tasks = [Task(family, first // BLOCK, min(size, runs - first)) for first in firsts]
        whole = Tally()
        for tally in self.play(tasks):
            whole.add(tally)
        return whole


@contextmanager
def crew(
    given: Given, family: Family, seed: int, *, workers: int, told: Progress = lambda _: None
) -> Generator[Crew]:
    """Whoever plays; ``workers`` 1 is this process alone, 0 one for every core."""
    studio = Studio(given, family, seed)
    count = workers or len(os.sched_getaffinity(0))
    if count == 1:
        yield Crew(studio, None, told)
        return
    # Not forked: this process may have threads, which a child would find standing still.
    context = get_context("spawn")
    with ProcessPoolExecutor(count, context, _enter, (given, family, seed)) as pool:
        try:
            yield Crew(studio, pool, told)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_HERE: list[Studio] = []


def _enter(given: Given, family: Family, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us is told, and ends us
    _HERE[:] = [Studio(given, family, seed)]


def _play(task: Task) -> Tally:
    return _HERE[0].play(task)
