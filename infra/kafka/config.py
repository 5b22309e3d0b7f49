"""The configuration of one KRaft node on loopback."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.kafka.ports import HOST, Ports

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secured:
    """Two more listeners: SASL_SSL for these users (name: password), and SSL with client
    certificates. OAUTHBEARER takes unsigned tokens: it is there to try settings, not to guard."""

    users: Mapping[str, str] = field(default_factory=lambda: {"saga": "saga-secret"})


def server_properties(folder: Path, ports: Ports, secured: Secured | None) -> str:
    """The text of `server.properties`."""
    lines = _node(folder, ports) + _listeners(ports, secured)
    if secured is not None:
        lines += _security(folder, secured)
    return "\n".join(lines) + "\n"


def _node(folder: Path, ports: Ports) -> list[str]:
    return [
        "process.roles=broker,controller",
        "node.id=1",
        f"controller.quorum.voters=1@{HOST}:{ports.controller}",
        f"log.dirs={folder / 'data'}",
        "auto.create.topics.enable=false",
        "group.initial.rebalance.delay.ms=0",
        # tests and takeovers on one machine need not wait for Kafka's smallest session of 6 s
        "group.min.session.timeout.ms=1000",
        # for so long (9 s by default) a crashed node's own registration keeps it from returning
        "broker.session.timeout.ms=3000",
        "broker.heartbeat.interval.ms=500",
        # one node: every internal topic has one replica, and few partitions to open and clean
        "offsets.topic.replication.factor=1",
        "offsets.topic.num.partitions=4",
        "transaction.state.log.replication.factor=1",
        "transaction.state.log.min.isr=1",
        "transaction.state.log.num.partitions=2",
        "share.coordinator.state.topic.replication.factor=1",
        "share.coordinator.state.topic.min.isr=1",
        "share.coordinator.state.topic.num.partitions=2",
        "log.cleaner.dedupe.buffer.size=16777216",
        "log.index.size.max.bytes=2097152",
    ]


def _listeners(ports: Ports, secured: Secured | None) -> list[str]:
    clients = {"PLAINTEXT": ports.broker}
    if secured is not None:
        clients |= {"SASL_SSL": ports.sasl_ssl, "SSL": ports.ssl}
    addresses = [f"{name}://{HOST}:{port}" for name, port in clients.items()]
    protocols = [f"{name}:{name}" for name in clients]
    return [
        f"listeners={','.join([*addresses, f'CONTROLLER://{HOST}:{ports.controller}'])}",
        f"advertised.listeners={','.join(addresses)}",
        f"listener.security.protocol.map={','.join([*protocols, 'CONTROLLER:PLAINTEXT'])}",
        "controller.listener.names=CONTROLLER",
        "inter.broker.listener.name=PLAINTEXT",
    ]


def _security(folder: Path, secured: Secured) -> list[str]:
    users = " ".join(f'user_{name}="{password}"' for name, password in secured.users.items())
    plain = f"{SECURITY}.plain.PlainLoginModule required {users};"
    scram = f"{SECURITY}.scram.ScramLoginModule required;"
    oauth = (
        f"{SECURITY}.oauthbearer.OAuthBearerLoginModule required"
        ' unsecuredLoginStringClaim_sub="broker";'
    )
    prefix = "listener.name.sasl_ssl"
    return [
        "ssl.keystore.type=PEM",
        f"ssl.keystore.location={folder / 'tls' / 'broker.pem'}",
        "ssl.truststore.type=PEM",
        f"ssl.truststore.location={folder / 'tls' / 'ca.pem'}",
        "listener.name.ssl.ssl.client.auth=required",
        f"{prefix}.ssl.client.auth=none",
        f"{prefix}.sasl.enabled.mechanisms={','.join(MECHANISMS)}",
        f"{prefix}.plain.sasl.jaas.config={plain}",
        f"{prefix}.scram-sha-256.sasl.jaas.config={scram}",
        f"{prefix}.scram-sha-512.sasl.jaas.config={scram}",
        f"{prefix}.oauthbearer.sasl.jaas.config={oauth}",
    ]
