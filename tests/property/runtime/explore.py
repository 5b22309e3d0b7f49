"""``python -m tests.property.runtime.explore``: the ownership protocol in every small world.

Prints how many worlds and steps each scope has and whether all holds in them; exit code 1 and the
shortest way there when something does not, or when the limit was met before the end.
"""

import argparse
import sys
import time

from tests.property.runtime.scopes import CI, LARGER
from tests.property.runtime.search import Exploration, Found
from tests.property.runtime.small_world import Scope


def main(arguments: list[str] | None = None) -> int:
    """Explore what is asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.runtime.explore")
    parser.add_argument("--scope", choices=sorted(CI), action="append", help="only this one")
    parser.add_argument("--larger", action="store_true", help="the larger forms: minutes to hours")
    parser.add_argument("--limit", type=int, default=50_000_000, help="worlds, at most, a scope")
    asked = parser.parse_args(arguments)
    scopes = LARGER if asked.larger else CI
    well = True
    for name in asked.scope or scopes:
        well = not _explore(name, scopes[name], asked.limit).path and well
    return 0 if well else 1


def _explore(name: str, scope: Scope, limit: int) -> Found:
    began = time.process_time()

    def told(worlds: int) -> None:
        print(f"{name}: {worlds:,} worlds so far", file=sys.stderr, flush=True)

    found = Exploration(scope, limit, told).run()
    bound = f"{scope.inputs}, {scope.owners} owners, {scope.troubles} troubles"
    if scope.losses:
        bound += f", {scope.losses} losses"
    seconds = time.process_time() - began
    print(f"{name} ({bound}): {found}  ({seconds:.0f} s of CPU)", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
