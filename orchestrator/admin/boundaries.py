"""Where the HTTP API sends by itself (see `infra.boundaries`)."""

from typing import Final

from infra.boundaries import APPEND, boundary

REDRIVE_MARK: Final = boundary(
    "redrive.mark", APPEND, "the mark that a dead letter is being sent again"
)
REDRIVE: Final = boundary("redrive.send", APPEND, "a dead letter, to where it came from")
