"""Where the saga log's file is written (see `infra.boundaries`)."""

from typing import Final

from infra.boundaries import TRANSACTION, boundary

MIGRATE: Final = boundary("file.migrate", TRANSACTION, "a migration of the saga log")
COMMIT: Final = boundary(
    "file.commit", TRANSACTION, "the transitions this process has appended, into the saga log"
)
FOLLOW: Final = boundary(
    "file.follow", TRANSACTION, "what was read from the topic, into the saga log"
)
MARK: Final = boundary("file.mark", TRANSACTION, "sent marks that have moved since the last commit")
HOME: Final = boundary("file.home", TRANSACTION, "a note on which kind of broker the log is")
DISPLACE: Final = boundary(
    "file.displace", TRANSACTION, "a note that a partition stands in the topic no more"
)
ASIDE: Final = boundary("file.aside", TRANSACTION, "the copy of a partition that is set aside")
FORGET: Final = boundary("file.forget", TRANSACTION, "a partition taken out of the saga log")
