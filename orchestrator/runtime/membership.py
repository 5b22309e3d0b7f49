"""Who this process is: its seat in the consumer group."""

import random
from pathlib import Path


def member_of(folder: Path, chance: random.Random) -> str:
    """The static membership id of a locked data folder: made once, kept for good.

    Two members with one id would evict each other for ever; the lock on the folder forbids that.
    """
    file = folder / "member"
    if not file.exists():
        file.write_text(f"saga-{chance.getrandbits(64):016x}\n", "ascii")
    return file.read_text("ascii").strip()
