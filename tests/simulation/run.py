"""One seed from its beginning to its verdict, and many of them."""

import gc
import logging
import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from tests.simulation.faults import Fate
from tests.simulation.loop import Stalled
from tests.simulation.verdict import verdict
from tests.simulation.world import NoRest, SimWorld

MEMORY = Path("/dev/shm")


class Result(NamedTuple):
    """One seed: what is wrong (nothing when it held), and what it was like."""

    seed: int
    problems: list[str]
    digest: str
    steps: int
    seconds: float
    ends: dict[str, int]
    kinds: frozenset[str]
    trace: list[str]


def run(seed: int, given: Fate | None = None) -> Result:
    """Run the world of this seed, with another fate where one is given."""
    with _folder() as folder, _quiet():
        return _run(seed, folder, given)


def _run(seed: int, folder: Path, given: Fate | None) -> Result:
    world = SimWorld(seed, folder, given)
    audit = world.audit
    try:
        world.loop.run(world.live)
        problems = audit.problems or verdict(world)
    except (NoRest, Stalled) as error:
        problems = [*audit.problems, *world.loop.errors, f"{type(error).__name__}: {error}"]
    except Exception:  # pylint: disable=broad-exception-caught  # it is told with its seed
        problems = [*audit.problems, *world.loop.errors, traceback.format_exc()]
    ends = Counter(state.status for state in audit.states.values())
    for process in (*world.orchestrators, *world.services):
        process.crash()
    return Result(
        seed,
        problems,
        world.digest,
        world.loop.steps,
        world.loop.time(),
        dict(ends),
        world.fate.kinds,
        list(world.trace),
    )


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder in memory where there is one: a crash of a process keeps what it committed."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="saga-simulation-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines, no garbage collection in between (it would run things at odd moments), and no
    complaint about tasks of dead processes, which never end."""
    logs = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    gc.disable()
    if not gc.get_freeze_count():  # only once: a freeze keeps what the seed before left behind
        gc.freeze()  # what is there already is not looked through again after each seed
    try:
        yield
    finally:
        gc.collect()
        gc.enable()
        sys.unraisablehook = hook
        structlog.configure(**logs)
