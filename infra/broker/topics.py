"""The topics on the cluster: listed, created, and compared with what they must be."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from infra.broker.clients import make_admin
from infra.broker.errors import (
    BrokerUnreachable,
    TopicError,
    TopicMismatch,
    TopicMissing,
    TopicTooWeak,
)
from infra.broker.probe import BrokerFacts, wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.specs import SAFE_REPLICAS, TopicSpec, print_commands, weaknesses

__all__ = ["TopicSpec", "ensure_topics", "list_topics", "print_commands"]

ALREADY_EXISTS = 36
VISIBLE_TIMEOUT_S = 10.0
VISIBLE_POLL_S = 0.02


async def ensure_topics(
    settings: BrokerSettings,
    specs: Sequence[TopicSpec],
    *,
    create: bool = True,
    allow_weak: bool = False,
) -> list[str]:
    """See to it that these topics exist as specified; returns the names of those created.

    Raises `TopicMismatch` (partitions are fixed for life, law 10), `TopicMissing` (`create` is
    False, or the embedded broker lacks it), `TopicTooWeak` (a durable topic that may lose records,
    unless `allow_weak`), `TopicError` (the cluster refused to create it), `BrokerUnreachable`. The
    message names every topic that is wrong. Nothing is created when one has wrong partitions.
    """
    facts = await wait_for_broker(settings)
    async with _admin(settings) as admin:
        existing = _partitions(await admin.describe_topics())
        _refuse_mismatch(specs, existing)
        missing = [spec for spec in specs if spec.name not in existing]
        if missing and (facts.embedded or not create):
            raise TopicMissing(_missing_message(settings, missing, facts))
        if missing:
            await _create(admin, missing, _replicas(settings, facts))
            await _until_visible(settings, admin, missing)
        if not facts.embedded and not allow_weak:
            await _refuse_weak(admin, [spec for spec in specs if spec.durable])
    return [spec.name for spec in missing]


async def list_topics(settings: BrokerSettings) -> dict[str, int]:
    """Every topic of the cluster with its number of partitions. Creates none by asking."""
    await wait_for_broker(settings)
    async with _admin(settings) as admin:
        return _partitions(await admin.describe_topics())


def _replicas(settings: BrokerSettings, facts: BrokerFacts) -> int:
    if settings.replication_factor is not None:
        return settings.replication_factor
    return SAFE_REPLICAS if facts.brokers >= SAFE_REPLICAS else 1


def _refuse_mismatch(specs: Sequence[TopicSpec], existing: Mapping[str, int]) -> None:
    wrong = [
        f"{spec.name} has {existing[spec.name]} partitions and must have {spec.partitions}"
        for spec in specs
        if existing.get(spec.name, spec.partitions) != spec.partitions
    ]
    if wrong:
        raise TopicMismatch("; ".join(wrong) + " (the number is fixed for life)")


def _missing_message(
    settings: BrokerSettings, missing: Sequence[TopicSpec], facts: BrokerFacts
) -> str:
    names = ", ".join(spec.name for spec in missing)
    if facts.embedded:
        return f"missing: {names}; the embedded broker must be started with its topics"
    return f"missing on {settings.address}: {names}"


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], replicas: int) -> None:
    wanted = [
        NewTopic(spec.name, spec.partitions, replicas, topic_configs=spec.full_config(replicas))
        for spec in specs
    ]
    answer: Any = await admin.create_topics(wanted)
    refused: list[str] = []
    for name, code, *message in answer.topic_errors:
        if code not in (0, ALREADY_EXISTS):  # another process may create the same at this moment
            text = message[0] if message and message[0] else for_code(code).__name__
            refused.append(f"{name}: {text}")
    if refused:
        raise TopicError("the cluster did not create " + "; ".join(refused))


async def _until_visible(
    settings: BrokerSettings, admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]
) -> None:
    """Brokers learn of a new topic a moment after the controller made it."""
    names = {spec.name for spec in specs}
    try:
        async with asyncio.timeout(VISIBLE_TIMEOUT_S):
            # only the cluster knows, and it tells nobody
            while not names <= _partitions(await admin.describe_topics()).keys():  # noqa: ASYNC110
                await asyncio.sleep(VISIBLE_POLL_S)
    except TimeoutError as error:
        why = f"created {', '.join(sorted(names))}, which do not appear"
        raise BrokerUnreachable(f"{settings.address}: {why}") from error


async def _refuse_weak(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    if not specs:
        return
    replicas = _replica_counts(await admin.describe_topics([spec.name for spec in specs]))
    resources = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    configs: dict[str, dict[str, str]] = {}
    answers: list[Any] = await admin.describe_configs(resources)
    for answer in answers:
        for code, message, _, name, entries in answer.resources:
            if code:
                raise TopicError(f"{name}: {message or for_code(code).__name__}")
            configs[name] = {entry[0]: entry[1] for entry in entries}
    weak = [
        f"{spec.name}: {reason}"
        for spec in specs
        for reason in weaknesses(replicas[spec.name], configs[spec.name])
    ]
    if weak:
        raise TopicTooWeak("may lose what it acknowledged: " + "; ".join(weak))


def _partitions(topics: Iterable[dict[str, Any]]) -> dict[str, int]:
    return {topic["topic"]: len(topic["partitions"]) for topic in topics}


def _replica_counts(topics: Iterable[dict[str, Any]]) -> dict[str, int]:
    return {
        topic["topic"]: min((len(part["replicas"]) for part in topic["partitions"]), default=0)
        for topic in topics
    }


@asynccontextmanager
async def _admin(settings: BrokerSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = make_admin(settings)
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        if error.retriable:
            raise BrokerUnreachable(f"{settings.address}: {error}") from error
        raise TopicError(f"{settings.address}: {error}") from error
    finally:
        await admin.close()
