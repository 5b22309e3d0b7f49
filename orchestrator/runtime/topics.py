"""The topics the orchestrator itself lives on (DESIGN laws 2 and 10)."""

from collections.abc import Iterable
from typing import Final

from contracts.topics import DEAD_LETTERS, EVENTS, LOG, REPLIES, REQUESTS
from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec
from orchestrator.definition.nodes import Definition
from orchestrator.definition.tree import commands_of

DEAD_LETTERS_CONFIG: Final = {"retention.ms": "-1"}


def own_topics(settings: BrokerSettings, partitions: int) -> list[TopicSpec]:
    """Requests, replies and log with equally many partitions; events and dead letters too.

    A reply that is lost is asked for again (law 5); a start, an event, a dead letter is not.
    """
    return [
        TopicSpec(settings.topic(REQUESTS), partitions, safe=True),
        TopicSpec(settings.topic(REPLIES), partitions),
        TopicSpec(settings.topic(LOG), partitions, durable=True),
        TopicSpec(settings.topic(EVENTS), partitions, safe=True),
        TopicSpec(settings.topic(DEAD_LETTERS), partitions, DEAD_LETTERS_CONFIG, safe=True),
    ]


def command_topics(definitions: Iterable[Definition]) -> set[str]:
    """The topics of commands that definitions name, without prefix."""
    return {call.topic for definition in definitions for call in commands_of(definition.body)}


def event_topics(definitions: Iterable[Definition]) -> set[str]:
    """The topics of events that definitions name, without prefix."""
    return {
        emit.topic
        for definition in definitions
        for emits in (
            definition.started,
            definition.completed,
            definition.failed,
            *(change.told for change in definition.changes or ()),
        )
        for emit in emits
    }
