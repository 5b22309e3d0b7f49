"""Where a participant meets its database and Kafka (see `infra.boundaries`)."""

from typing import Final

from infra.boundaries import APPEND, OFFSETS, PHASE, TRANSACTION, boundary

START: Final = boundary("participant.start", PHASE, "opening the database")
STOP: Final = boundary("participant.stop", PHASE, "finishing what is under way at a clean stop")

MIGRATE: Final = boundary("participant.migrate", TRANSACTION, "a migration of its database")
TABLES: Final = boundary("participant.tables", TRANSACTION, "the tables of the inbox")
SEED: Final = boundary("participant.seed", TRANSACTION, "the seed data")
HANDLE: Final = boundary(
    "participant.handle", TRANSACTION, "effects and stored replies of a batch of commands"
)
FORGET: Final = boundary(
    "participant.forget", TRANSACTION, "forgetting effects of sagas that ended long ago"
)
WRITE: Final = boundary("participant.write", TRANSACTION, "a write of its own, beside the commands")

REPLIES: Final = boundary("participant.replies", APPEND, "replies, to the orchestrator")
DEAD_LETTERS: Final = boundary(
    "participant.dead-letters", APPEND, "commands and events that cannot be handled"
)
PUBLISH: Final = boundary("participant.publish", APPEND, "a request of its own, such as a start")
COMMAND_OFFSETS: Final = boundary("participant.offsets", OFFSETS, "commands that are answered")
