"""Whether the core has become slower: two commits, run in turn on the same machine.

A machine that is shared is faster in one minute and slower in the next, so the commits alternate
(before, after, after, before), and the medians are compared. Each commit is cloned and set up in a
folder of its own, and runs its own `saga bench`.

Run: python -m tests.measurements.alternations BEFORE [AFTER] [--times N] [--broker HOST:PORT]
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[2]
LOAD = ("--sagas", "8000", "--concurrency", "2000")


class Figures(NamedTuple):
    """Of one run: finished sagas a second, and the milliseconds of CPU that each took, of all
    processes.
    """

    rate: float
    cpu_ms: float


def checkout(commit: str, folder: Path) -> Path:
    """A clone of this repository at the commit, set up. Raises CalledProcessError."""
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(folder)], check=True)
    subprocess.run(["git", "checkout", "-q", "--detach", commit], cwd=folder, check=True)
    subprocess.run(["./uvw", "sync", "-q"], cwd=folder, check=True)
    return folder


def measured(folder: Path, broker: str | None) -> Figures:
    """One run of its benchmark. Raises CalledProcessError, ValueError without figures in it."""
    where = ["--broker", broker] if broker else []
    command = [".venv/bin/saga", "bench", *LOAD, *where, "--json"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    saga = json.loads(done.stdout[done.stdout.index("{") :])["saga"]
    return Figures(saga["sagas_per_s"], sum(saga["cpu_ms_per_saga"].values()))


def turns(times: int) -> Iterator[int]:
    """Whose turn it is, 0 or 1: each comes first as often as second."""
    for number in range(times):
        yield from (0, 1) if number % 2 == 0 else (1, 0)


def main() -> None:
    """Alternate, and print every run, the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", metavar="BEFORE", help="a commit")
    parser.add_argument("after", metavar="AFTER", nargs="?", default="HEAD", help="a commit (HEAD)")
    parser.add_argument("--times", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--broker", metavar="HOST:PORT", help="a real Kafka (the embedded one)")
    given = parser.parse_args()
    names = (given.before, given.after)
    runs: tuple[list[Figures], list[Figures]] = ([], [])
    with tempfile.TemporaryDirectory(prefix="saga-alternations-") as name:
        folders = [checkout(commit, Path(name) / str(n)) for n, commit in enumerate(names)]
        for which in turns(given.times):
            found = measured(folders[which], given.broker)
            runs[which].append(found)
            print(
                f"{names[which]:>12}  {found.rate:7.0f} a second  {found.cpu_ms:.3f} ms of CPU",
                flush=True,
            )
    rates = [median(one.rate for one in each) for each in runs]
    spent = [median(one.cpu_ms for one in each) for each in runs]
    print(f"median of {given.times}: {rates[0]:.0f} -> {rates[1]:.0f} a second,", end=" ")
    print(f"{rates[1] / rates[0]:.3f} of it; CPU {spent[0]:.3f} -> {spent[1]:.3f} ms a saga")


if __name__ == "__main__":
    main()
