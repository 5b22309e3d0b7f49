"""The files of a Kafka node as a power cut leaves them: the tail of its logs that was not synced
is gone, in the middle of a batch too.

What Kafka keeps beside a log (indexes, producers, checkpoints) is written at leisure: it may be
older than the log, empty, or speak of offsets that are no more. Format: Kafka's record batch,
version 2 (kafka.apache.org/documentation/#recordbatch).
"""

import random
import struct
from pathlib import Path
from typing import Final, NamedTuple

HEAD: Final = struct.Struct(">qi")
"""The base offset of a batch, and how many bytes follow."""
POINTS: Final = ("recovery-point-offset-checkpoint", "log-start-offset-checkpoint")


class Placed(NamedTuple):
    """A batch in its file: the first offset, and the bytes from ``begin`` up to ``end``."""

    offset: int
    begin: int
    end: int


def batches(segment: Path) -> list[Placed]:
    """The whole batches of a segment."""
    found: list[Placed] = []
    with segment.open("rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            offset, length = HEAD.unpack(head)
            begin = file.tell() - HEAD.size
            end = begin + HEAD.size + length
            if length <= 0 or end > segment.stat().st_size:
                break
            found.append(Placed(offset, begin, end))
            file.seek(end)
    return found


def logs(data: Path, topic: str) -> list[Path]:
    """The segments of a topic, of every partition."""
    return sorted(data.glob(f"{topic}-*/*.log"))


def lose_tail(segment: Path, share: float, chance: random.Random) -> int:
    """Keep this share of the batches, and a piece of the next one; how many are gone."""
    found = batches(segment)
    kept = int(len(found) * share)
    if kept == len(found):
        return 0
    first = found[kept]
    torn = chance.randrange(first.end - first.begin)
    with segment.open("r+b") as file:
        file.truncate(first.begin + torn)
    return len(found) - kept


def tear(segment: Path, chance: random.Random) -> None:
    """What was under way when the power went: the beginning of one more batch, or rubbish."""
    found = batches(segment)
    if not found:
        return
    last = found[-1]
    with segment.open("r+b") as file:
        file.seek(last.begin)
        copy = bytearray(file.read(last.end - last.begin))
        copy[: HEAD.size] = HEAD.pack(last.offset + 1, len(copy) - HEAD.size)
        file.seek(last.end)
        file.write(copy[: chance.randrange(1, len(copy))])
        file.truncate()


def lose_the_rest(data: Path, chance: random.Random) -> None:
    """Indexes empty or as they were, no snapshots of producers, checkpoints old or gone."""
    for file in (*data.glob("*/*.index"), *data.glob("*/*.timeindex")):
        if "__cluster_metadata" not in str(file) and chance.random() < 0.7:
            file.write_bytes(b"" if chance.random() < 0.5 else bytes(file.stat().st_size))
    for file in data.glob("*/*.snapshot"):
        if "__cluster_metadata" not in str(file):
            file.unlink()
    for name in POINTS:
        if (data / name).exists() and chance.random() < 0.5:
            (data / name).unlink()
