"""Connection settings as people have them, tried on a real Kafka with TLS and SASL."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from infra.broker.clients import make_consumer
from infra.broker.errors import BrokerSettingsError, BrokerUnreachable
from infra.broker.probe import is_embedded, wait_for_broker
from infra.broker.settings import BrokerSettings
from infra.broker.specs import TopicSpec
from infra.broker.topics import ensure_topics
from infra.kafka import KafkaState
from tests.broker_tools import consuming, sending, take
from tests.brokers import USERS, free_port, unique_prefix


def unsigned_token(subject: str) -> str:
    """A JWS without a signature, as Kafka's own handler for trying things out takes it."""
    parts = [{"alg": "none"}, {"sub": subject, "iat": 1, "exp": 4_000_000_000}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()


def secured(kafka: KafkaState, **given: Any) -> BrokerSettings:
    """Settings for the SASL_SSL listener; PLAIN unless told otherwise."""
    fields = {
        "bootstrap_servers": kafka.sasl_ssl,
        "security_protocol": "SASL_SSL",
        "ssl_cafile": kafka.tls_folder / "ca.pem",
        "sasl_username": "saga",
        "sasl_password": USERS["saga"],
        "topic_prefix": unique_prefix(),
        "replication_factor": 1,
    }
    return BrokerSettings(**{**fields, **given})


async def there_and_back(settings: BrokerSettings) -> None:
    """Every kind of client, with these settings: admin, producer, member of a group."""
    topic = settings.topic("a")
    await ensure_topics(settings, [TopicSpec(topic, 1, durable=True)])
    async with sending(settings) as sender:
        assert await sender.append(topic, 0, [b"x"]) == 0
    consumer = make_consumer(settings, [topic], group_id=settings.topic("group"))
    async with consuming(consumer):
        assert [r.value for r in await take(consumer, 1)] == [b"x"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_password(local_kafka: KafkaState, mechanism: str) -> None:
    """SASL_SSL with user and password."""
    await there_and_back(secured(local_kafka, sasl_mechanism=mechanism))


async def test_oauth_token_from_a_file(local_kafka: KafkaState, tmp_path: Path) -> None:
    """OAUTHBEARER as in Kubernetes: somebody keeps a file fresh."""
    token = tmp_path / "token"
    token.write_text(unsigned_token("saga") + "\n")
    given = {"sasl_mechanism": "OAUTHBEARER", "oauth_token_file": token}
    await there_and_back(secured(local_kafka, **given))


async def test_oauth_token_from_an_endpoint(local_kafka: KafkaState) -> None:
    """OAUTHBEARER with client credentials."""
    with token_endpoint() as url:
        given = {"oauth_token_endpoint": url, "oauth_client_id": "saga"}
        settings = secured(
            local_kafka, sasl_mechanism="OAUTHBEARER", oauth_client_secret="secret", **given
        )
        await there_and_back(settings)


async def test_client_certificate(local_kafka: KafkaState) -> None:
    """SSL where the broker demands a certificate of the client."""
    tls = local_kafka.tls_folder
    given = {"bootstrap_servers": local_kafka.ssl, "security_protocol": "SSL"}
    certificate = {"ssl_certfile": tls / "client.crt", "ssl_keyfile": tls / "client.key"}
    await there_and_back(secured(local_kafka, **given, **certificate))
    with pytest.raises(BrokerUnreachable):
        await wait_for_broker(secured(local_kafka, **given), 0.5)


async def test_a_wrong_password_is_told(local_kafka: KafkaState) -> None:
    """The broker's own words, and where."""
    with pytest.raises(BrokerUnreachable, match="Invalid username or password") as refused:
        await wait_for_broker(secured(local_kafka, sasl_password="wrong"), 2.0)
    assert local_kafka.sasl_ssl in str(refused.value)
    assert "wrong" not in str(refused.value)


async def test_an_unknown_authority_is_told(local_kafka: KafkaState) -> None:
    """Without the CA file the certificate is nobody's."""
    with pytest.raises(BrokerUnreachable, match="certificate verify failed"):
        await wait_for_broker(secured(local_kafka, ssl_cafile=None), 0.5)


async def test_a_missing_ca_file_is_named(tmp_path: Path) -> None:
    """It is a mistake in the settings, not a broker that is away."""
    missing = tmp_path / "ca.pem"
    settings = BrokerSettings(security_protocol="SSL", ssl_cafile=missing)
    with pytest.raises(BrokerSettingsError, match=str(missing)):
        await wait_for_broker(settings, 0.5)


async def test_nobody_there_names_the_address() -> None:
    """Tried again, told once while waiting, and then an error."""
    settings = BrokerSettings.local(f"127.0.0.1:{free_port()}")
    told: list[str] = []
    with pytest.raises(BrokerUnreachable, match=settings.address):
        await wait_for_broker(settings, 0.7, on_retry=told.append)
    assert len(told) == 1
    assert settings.address in told[0]


async def test_which_broker_it_is(any_broker: BrokerSettings) -> None:
    """Discovered on the wire, whatever the settings say."""
    facts = await wait_for_broker(any_broker)
    assert facts.embedded == any_broker.embedded
    assert facts.brokers == 1 and facts.cluster_id
    hidden = any_broker.model_copy(update={"embedded": False})
    assert await is_embedded(hidden) == any_broker.embedded


@contextmanager
def token_endpoint() -> Iterator[str]:
    """An OAuth server that knows one client, saga:secret."""

    class Handler(BaseHTTPRequestHandler):
        """Answers the client credentials grant."""

        def do_POST(self) -> None:  # pylint: disable=invalid-name  # the name is http.server's
            """RFC 6749, 4.4.2."""
            form = self.rfile.read(int(self.headers["Content-Length"]))
            basic = base64.b64encode(b"saga:secret").decode()
            known = self.headers["Authorization"] == f"Basic {basic}"
            self.send_response(200 if known and b"client_credentials" in form else 401)
            self.end_headers()
            answer = {"access_token": unsigned_token("saga"), "expires_in": 300}
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: tests print nothing."""
            # pylint: disable=redefined-builtin  # the name is http.server's

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/token"
        server.shutdown()
