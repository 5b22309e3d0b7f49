"""Run seeds of the simulation: ``python -m tests.simulation --seeds 1000``.

Exit code 1 when one does not hold; then its seed, what is wrong and the end of its trace are
printed. The hash seed of Python is fixed, so that a seed is the same run on every machine.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.run import Result, run

BATCH = 10
WIDTH = 2_000


def main() -> int:
    """Run the seeds that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--trace", type=int, default=40, help="lines of the trace of a failure")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep-going", action="store_true", help="not only to the first failure")
    asked = parser.parse_args()
    if asked.seeds < 1 or asked.workers < 1:
        parser.error("--seeds and --workers begin at 1")
    if asked.seed is not None:
        result = run(asked.seed)
        _tell(result, asked.trace, always=True)
        return bool(result.problems)
    began = time.monotonic()
    seeds = range(asked.first, asked.first + asked.seeds)
    failed: list[Result] = []
    ends: Counter[str] = Counter()
    count = steps = 0
    for result in _results(seeds, asked.workers):
        count, steps = count + 1, steps + result.steps
        ends.update(result.ends)
        if result.problems:
            failed.append(result)
            _tell(result, asked.trace if not asked.keep_going else 0)
            if not asked.keep_going:
                break
    took = time.monotonic() - began
    print(f"{count} seeds in {took:.1f} s, {steps} steps, sagas: {dict(sorted(ends.items()))}")
    if failed:
        print("failed:", *(result.seed for result in failed))
    return bool(failed)


def _results(seeds: range, workers: int) -> Iterable[Result]:
    if workers == 1:
        yield from map(run, seeds)
        return
    pool = ProcessPoolExecutor(workers)
    try:
        yield from pool.map(run, seeds, chunksize=BATCH)
    finally:
        pool.shutdown(cancel_futures=True)


def _tell(result: Result, lines: int, *, always: bool = False) -> None:
    if result.problems or always:
        for line in result.trace[-lines:] if lines else ():
            print(line)
        print(f"seed {result.seed}: {result.digest}, {result.steps} steps, {result.seconds:.0f} s")
        print(f"  kinds of faults: {', '.join(sorted(result.kinds))}; sagas: {result.ends}")
        for problem in result.problems[:10]:
            print(f"  {problem[:WIDTH]}")
        if result.problems:
            print(f"  again: python -m tests.simulation --seed {result.seed} --trace 400")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
    sys.exit(main())
