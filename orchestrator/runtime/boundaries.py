"""Where the orchestrator meets Kafka, and the long ways of a partition (see `infra.boundaries`)."""

from typing import Final

from infra.boundaries import APPEND, OFFSETS, PHASE, boundary

START: Final = boundary("orchestrator.start", PHASE, "joining the group")
STOP: Final = boundary("orchestrator.stop", PHASE, "finishing what is under way at a clean stop")

CLAIM: Final = boundary("log.claim", APPEND, "a claim, to saga.log")
TRANSITIONS: Final = boundary("log.transitions", APPEND, "a run of transitions, to saga.log")
REFILL: Final = boundary("log.refill", APPEND, "transitions the topic has lost, to saga.log again")

OWN: Final = boundary(
    "orchestrator.own", PHASE, "opening the inputs of a partition that is ours now"
)
RESEND: Final = boundary("orchestrator.resend", PHASE, "sending again what lies behind the mark")
RESEND_OPEN: Final = boundary(
    "orchestrator.resend-open", PHASE, "sending again what open sagas wait for, after a refill"
)

COMMANDS: Final = boundary("send.commands", APPEND, "commands, to their participants")
CHILDREN: Final = boundary("send.children", APPEND, "between a saga and one that it has begun")
EVENTS: Final = boundary("send.events", APPEND, "events of the business and of the sagas")
FORWARDED: Final = boundary(
    "send.forwarded", APPEND, "a start in the wrong partition, to the right one"
)
DEAD_LETTERS: Final = boundary("send.dead-letters", APPEND, "inputs that cannot be read")
REQUEST: Final = boundary("send.request", APPEND, "a request taken at the front door")

SENT_MARK: Final = boundary(
    "orchestrator.sent-mark", PHASE, "moving the sent mark over acknowledged effects"
)
REQUEST_OFFSETS: Final = boundary("offsets.requests", OFFSETS, "requests that are decided")
REPLY_OFFSETS: Final = boundary("offsets.replies", OFFSETS, "replies that are decided")
