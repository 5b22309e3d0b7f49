"""Connection settings: what belongs together, what is masked, what each client gets."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from infra.broker.errors import TokenError
from infra.broker.oauth import TokenEndpoint, TokenFile
from infra.broker.settings import BrokerSettings


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `.env` here, no KAFKA_* of the developer."""
    monkeypatch.chdir(tmp_path)
    # pylint: disable-next=not-an-iterable  # it is a dict
    for name in BrokerSettings.model_fields:
        monkeypatch.delenv(f"KAFKA_{name.upper()}", raising=False)


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator writes them."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "a:1, [::1]:2,")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "me")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "pa55word")
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", "team.")
    settings = BrokerSettings()
    assert settings.address == "a:1,[::1]:2"
    assert settings.topic("saga.log") == "team.saga.log"
    assert settings.client_options() == {
        "bootstrap_servers": ["a:1", "[::1]:2"],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "me",
        "sasl_plain_password": "pa55word",
    }
    assert "pa55word" not in repr(settings) + settings.model_dump_json()


def test_a_broker_of_our_own_ignores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`saga demo` on a machine that is set up for the company's cluster."""
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", "team.")
    settings = BrokerSettings.local("127.0.0.1:5", embedded=True)
    assert (settings.security_protocol, settings.topic("a"), settings.embedded) == (
        "PLAINTEXT",
        "a",
        True,
    )
    assert settings.replication_factor == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"bootstrap_servers": ""}, "at least one"),
        ({"bootstrap_servers": "kafka"}, "'kafka' is not HOST:PORT"),
        ({"bootstrap_servers": "kafka:99999"}, "'kafka:99999' is not HOST:PORT"),
        ({"bootstrap_servers": ":9092"}, "':9092' is not HOST:PORT"),
        ({"security_protocol": "TLS"}, "security_protocol"),
        ({"security_protocol": "SASL_SSL"}, "PLAIN needs sasl_username and sasl_password"),
        (
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"},
            "OAUTHBEARER needs oauth_token_file, or oauth_token_endpoint",
        ),
        (
            {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "OAUTHBEARER",
                "oauth_token_endpoint": "http://x",
                "oauth_client_id": "me",
            },
            "oauth_client_secret",
        ),
        ({"ssl_keyfile": "key.pem"}, "ssl_keyfile without ssl_certfile"),
        ({"topic_prefix": "no spaces"}, "topic_prefix"),
        ({"replication_factor": 0}, "replication_factor"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], reason: str) -> None:
    """With the field or the missing other half."""
    with pytest.raises(ValidationError) as refused:
        BrokerSettings(**given)
    assert reason in str(refused.value)


async def test_a_token_file_is_read_again(tmp_path: Path) -> None:
    """Whoever renews the token replaces the file."""
    path = tmp_path / "token"
    provider = TokenFile(path)
    with pytest.raises(TokenError, match=str(path)):
        await provider.token()
    path.write_text("one\n")
    assert await provider.token() == "one"
    path.write_text("two\n")
    assert await provider.token() == "two"


class Endpoint:
    """A token endpoint behind httpx."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response] = []
        self.asked = 0

    async def post(self, *_: object, **__: object) -> httpx.Response:
        """The next answer."""
        self.asked += 1
        answer = self.answers.pop(0)
        answer.request = httpx.Request("POST", "http://x")
        return answer


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    """In place of the network."""
    made = Endpoint()
    monkeypatch.setattr(httpx.AsyncClient, "post", made.post)
    return made


async def test_a_token_is_kept_until_shortly_before_it_expires(endpoint: Endpoint) -> None:
    """One request for many connects; the clock is injected."""
    now = 1000.0
    secret = SecretStr("s")
    provider = TokenEndpoint("http://x", "me", secret, monotonic=lambda: now)
    for number in (1, 2):
        body = {"access_token": f"t{number}", "expires_in": 300}
        endpoint.answers.append(httpx.Response(200, json=body))
    assert [await provider.token() for _ in range(3)] == ["t1"] * 3
    now += 269
    assert await provider.token() == "t1"
    now += 2
    assert await provider.token() == "t2"
    assert endpoint.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401),
        httpx.Response(200, text="not json"),
        httpx.Response(200, json={"no": "token"}),
        httpx.Response(200, json=["a list"]),
    ],
)
async def test_an_endpoint_that_gives_no_token_is_named(
    endpoint: Endpoint, answer: httpx.Response
) -> None:
    """Without the client's secret."""
    endpoint.answers.append(answer)
    provider = TokenEndpoint("http://x/token", "me", SecretStr("hush"))
    with pytest.raises(TokenError, match="http://x/token") as refused:
        await provider.token()
    assert "hush" not in str(refused.value)
