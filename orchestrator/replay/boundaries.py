"""Where a whole file is put in its place (see `infra.boundaries`)."""

from typing import Final

from infra.boundaries import FILE, boundary

REBUILT: Final = boundary("replay.rebuild", FILE, "a saga log made from the topic")
COPIED: Final = boundary("backup.copy", FILE, "a copy of the saga log")
RESTORED: Final = boundary("backup.restore", FILE, "a saga log made from a copy")
