"""The seed data of all services, from one file; each service checks its own part when it loads it.

- User 1 can order anything that is in stock; user 2 has too little money, user 3 lives where
  nothing is shipped, user 4 both; no address of user 5 is known; user 6 has other money.
- Product 2 is out of stock. There is no product 404.
- User 9 and product 9 never run out: they are for measurements.

So users and products together make every row of the compensation table.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import cast

from services.participant import SeedError


def load(file: Path | None = None) -> Mapping[str, object]:
    """Seed data by name of service, from ``file`` or the one that comes with the services.

    Raises SeedError naming the file when it cannot be read, is not JSON, or is not an object of
    objects.
    """
    source = file or files("services").joinpath("seed.json")
    try:
        found: object = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SeedError(f"seed data {source}: {error}") from error
    if not isinstance(found, dict):
        raise SeedError(f"seed data {source}: not an object of services")
    parts = cast(dict[str, object], found)
    wrong = [name for name, part in parts.items() if not isinstance(part, dict)]
    if wrong:
        raise SeedError(f"seed data {source}: {', '.join(wrong)}: not an object")
    return parts
