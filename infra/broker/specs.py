"""What a topic must be like, and the commands for whoever has the right to create it."""

import shlex
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from infra.broker.settings import BrokerSettings

SAFE_REPLICAS = 3
FOREVER = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
REPLICATED = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
SINGLE = {"flush.messages": "1", "min.insync.replicas": "1"}


class TopicSpec(NamedTuple):
    """A topic as it must be. `name` is the name on the cluster, prefix included.

    `safe`: it must not lose what it acknowledged, not even in a power cut: two in-sync replicas of
    three and no unclean election, or with one replica each record flushed. For what nobody asks for
    again: starts, events, dead letters. `durable`: safe, and kept for ever: law 2's topic.
    """

    name: str
    partitions: int
    config: Mapping[str, str] = MappingProxyType({})
    durable: bool = False
    safe: bool = False

    def full_config(self, replicas: int) -> dict[str, str]:
        """The topic's configuration on a cluster that keeps `replicas` copies."""
        strong = REPLICATED if replicas >= SAFE_REPLICAS else SINGLE
        return {
            **self.config,
            **(FOREVER if self.durable else {}),
            **(strong if self.durable or self.safe else {}),
        }


def weaknesses(replicas: int, config: Mapping[str, str]) -> list[str]:
    """Why a topic with these replicas and configuration is not durable (law 2); [] if it is."""
    found: list[str] = []
    if replicas >= SAFE_REPLICAS:
        if int(config["min.insync.replicas"]) < 2:
            found.append("min.insync.replicas is below 2")
    elif config["flush.messages"] != "1":
        found.append(f"{replicas} replica(s) and flush.messages is not 1")
    if config["unclean.leader.election.enable"] == "true":
        found.append("unclean.leader.election.enable is true")
    if config["retention.ms"] != "-1" or config["retention.bytes"] != "-1":
        found.append("retention is limited")
    if config["cleanup.policy"] != "delete":
        found.append(f"cleanup.policy is {config['cleanup.policy']}")
    return found


def print_commands(
    settings: BrokerSettings, specs: Iterable[TopicSpec], *, replicas: int | None = None
) -> str:
    """The `kafka-topics.sh` commands for these topics, for whoever has the right to create them.

    `replicas`: None takes the settings' replication factor, else three."""
    count = replicas or settings.replication_factor or SAFE_REPLICAS
    lines = [_command(settings, spec, count) for spec in specs]
    return "\n".join(lines)


def _command(settings: BrokerSettings, spec: TopicSpec, replicas: int) -> str:
    words = ["kafka-topics.sh", "--bootstrap-server", settings.address, "--create"]
    if settings.security_protocol != "PLAINTEXT":
        words += ["--command-config", "client.properties"]
    words += ["--topic", spec.name, "--partitions", str(spec.partitions)]
    words += ["--replication-factor", str(replicas)]
    for key, value in spec.full_config(replicas).items():
        words += ["--config", f"{key}={value}"]
    return shlex.join(words)
