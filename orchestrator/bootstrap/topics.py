"""The topics of an application: their partitions and how long they keep what they hold."""

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.topics import DEAD_LETTERS, EVENTS, LOG, REPLIES, REQUESTS, commands_topic
from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec
from orchestrator.definition.application import Application
from orchestrator.definition.nodes import Definition, Node, Step

DAY_MS: Final = 24 * 60 * 60 * 1000
# An input that nobody has decided must outlive an outage, and a dead letter the person who looks.
KEPT_DAYS: Final = 7
DEAD_LETTERS_KEPT_DAYS: Final = 90


def topics(
    application: Application,
    definitions: Iterable[Definition],
    broker: BrokerSettings,
    partitions: int,
) -> list[TopicSpec]:
    """Every topic the application needs, as it must be on this cluster.

    All have equally many partitions: requests, replies and log must (law 10), and the others
    let a service in another language spread over as many processes.
    """
    names = [REQUESTS, REPLIES, EVENTS, *map(commands_topic, application.services)]
    for definition in definitions:
        names += _named_by(definition)
    kept = dict.fromkeys(sorted(set(names)), KEPT_DAYS) | {DEAD_LETTERS: DEAD_LETTERS_KEPT_DAYS}
    return [
        TopicSpec(broker.topic(LOG), partitions, durable=True),
        *(
            TopicSpec(broker.topic(name), partitions, {"retention.ms": str(days * DAY_MS)})
            for name, days in kept.items()
        ),
    ]


def _named_by(definition: Definition) -> Iterator[str]:
    for step in steps(definition.body):
        yield step.do.topic
        if step.undo is not None:
            yield step.undo.topic
    for emit in (*definition.started, *definition.completed, *definition.failed):
        yield emit.topic


def steps(nodes: Iterable[Node]) -> Iterator[Step]:
    """The steps of these nodes, in the order in which they stand."""
    for node in nodes:
        if isinstance(node, Step):
            yield node
        else:
            for branch in node.branches:
                yield from steps(branch)
