"""The topics of an application: those of the orchestrator, and those that its parts name."""

from collections.abc import Iterable
from typing import Final

from contracts.topics import commands_topic
from infra.broker.settings import BrokerSettings
from infra.broker.topics import TopicSpec
from orchestrator.definition.application import Application
from orchestrator.definition.nodes import Definition
from orchestrator.runtime.topics import command_topics, event_topics, own_topics

KEPT: Final = {"retention.ms": str(7 * 24 * 60 * 60 * 1000)}
"""A week: an input that nobody has decided must outlive an outage."""


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
    own = own_topics(broker, partitions)
    sagas = list(definitions)
    events = event_topics(sagas)
    names = command_topics(sagas) | events | set(map(commands_topic, application.services))
    others = [
        TopicSpec(broker.topic(name), partitions, safe=name in events) for name in sorted(names)
    ]
    return [
        spec if spec.durable or spec.config else spec._replace(config=KEPT)
        for spec in (*own, *others)
    ]
