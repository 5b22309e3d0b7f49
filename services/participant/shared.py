"""What the services of one process share."""

from typing import NamedTuple

from infra.broker.outputs import TopicSenders
from services.participant.turns import Turns


class Shared(NamedTuple):
    """One way to the broker, whose owner closes it, and turns on the event loop."""

    senders: TopicSenders
    turns: Turns
