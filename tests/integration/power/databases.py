"""A SQLite file as a power cut leaves it: of what was being written, a torn piece.

What a commit has reported was synced, and stays (`tests/integration/durability` looks at every
sync). Beyond the last commit the WAL may hold anything.
"""

import random
import struct
from pathlib import Path
from typing import Final

HEADER: Final = 32
FRAME_HEADER: Final = 24
PAGE_SIZE_AT: Final = 8


def tear(file: Path, chance: random.Random) -> bool:
    """Leave a torn transaction behind the last commit; False when there is no WAL to tear."""
    wal = Path(f"{file}-wal")
    if not wal.exists() or wal.stat().st_size < HEADER:
        return False
    data = wal.read_bytes()
    (page,) = struct.unpack_from(">I", data, PAGE_SIZE_AT)
    frame = FRAME_HEADER + page
    whole = (len(data) - HEADER) // frame
    if not whole:
        return False
    last = bytearray(data[HEADER + (whole - 1) * frame : HEADER + whole * frame])
    last[FRAME_HEADER:] = chance.randbytes(page)  # its checksum does not fit
    torn = bytes(last[: chance.randrange(1, frame)])
    wal.write_bytes(data[: HEADER + end_of_log(data, frame, whole) * frame] + bytes(last) + torn)
    Path(f"{file}-shm").unlink(missing_ok=True)  # it is memory
    return True


def end_of_log(data: bytes, frame: int, whole: int) -> int:
    """Frames that belong to the present log: those behind are left over from before a checkpoint
    and have another salt.
    """
    salt = data[16:24]
    count = 0
    while count < whole:
        begin = HEADER + count * frame
        if data[begin + 8 : begin + 16] != salt:
            break
        count += 1
    return count
