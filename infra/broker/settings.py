"""How to reach the Kafka cluster: one set of settings for every client of the product (law 11)."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infra.broker.oauth import token_provider
from infra.broker.port import Aiokafka, Clients
from infra.broker.tls import ssl_context

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

_AIOKAFKA = Aiokafka()


class BrokerSettings(BaseSettings):
    """Kafka connection, from the environment (`KAFKA_*`) and `.env`.

    Raises `pydantic.ValidationError` for values that are wrong alone or together.
    """

    model_config = SettingsConfigDict(
        env_prefix="KAFKA_", env_file=".env", extra="ignore", frozen=True
    )

    bootstrap_servers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("localhost:9092",), description="HOST:PORT list, separated by commas"
    )
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    oauth_token_endpoint: str | None = Field(
        default=None, description="OAuth token endpoint (client credentials grant)"
    )
    oauth_client_id: str | None = None
    oauth_client_secret: SecretStr | None = None
    oauth_scope: str | None = None
    oauth_token_file: Path | None = Field(
        default=None, description="file holding the token, read again at each connect"
    )
    ssl_cafile: Path | None = Field(default=None, description="CA file; None trusts the system's")
    ssl_certfile: Path | None = Field(default=None, description="client certificate (PEM)")
    ssl_keyfile: Path | None = None
    ssl_key_password: SecretStr | None = None
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    replication_factor: int | None = Field(
        default=None, ge=1, description="None: three where there are three brokers, else one"
    )
    session_timeout_ms: int = Field(
        default=10_000,
        ge=3_000,
        le=300_000,
        description="how long a group waits for a member that is silent before others take over",
    )
    embedded: bool = Field(
        default=False, description="set by who started the embedded broker; see its limits"
    )
    _clients: Clients = PrivateAttr(default_factory=lambda: _AIOKAFKA)

    @field_validator("bootstrap_servers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("bootstrap_servers")
    @classmethod
    def _host_and_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("at least one HOST:PORT is needed")
        for address in value:
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError(f"{address!r} is not HOST:PORT")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.uses_sasl and self.sasl_mechanism == "OAUTHBEARER":
            endpoint = (self.oauth_token_endpoint, self.oauth_client_id, self.oauth_client_secret)
            if self.oauth_token_file is None and None in endpoint:
                raise ValueError(
                    "OAUTHBEARER needs oauth_token_file, or oauth_token_endpoint with"
                    " oauth_client_id and oauth_client_secret"
                )
        elif self.uses_sasl and (self.sasl_username is None or self.sasl_password is None):
            raise ValueError(f"{self.sasl_mechanism} needs sasl_username and sasl_password")
        if self.ssl_keyfile is not None and self.ssl_certfile is None:
            raise ValueError("ssl_keyfile without ssl_certfile")
        return self

    @classmethod
    def local(
        cls,
        bootstrap_servers: str,
        *,
        embedded: bool = False,
        topic_prefix: str = "",
    ) -> Self:
        """Settings for a broker this process started on loopback: the environment is not asked."""
        fields = {
            name: field.get_default(call_default_factory=True)
            for name, field in cls.model_fields.items()
        }
        given = {"bootstrap_servers": bootstrap_servers, "embedded": embedded}
        return cls(**{**fields, **given, "topic_prefix": topic_prefix, "replication_factor": 1})

    def through(self, clients: Clients) -> Self:
        """The same settings, for clients that are made by `clients`."""
        copy = self.model_copy()
        copy._clients = clients  # pylint: disable=protected-access  # it is one of us
        return copy

    @property
    def clients(self) -> Clients:
        """What makes the clients for these settings: aiokafka, unless `through` said otherwise."""
        return self._clients

    @property
    def address(self) -> str:
        """The bootstrap addresses as one text, for messages to people."""
        return ",".join(self.bootstrap_servers)

    @property
    def uses_sasl(self) -> bool:
        """Whether clients authenticate by SASL."""
        return self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    def topic(self, name: str) -> str:
        """The topic's name on this cluster: prefix and name."""
        return self.topic_prefix + name

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client (consumer, producer, admin).

        Raises `BrokerSettingsError` when a certificate file cannot be read. Call it inside the
        event loop that the client will live in.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
        }
        if self.uses_tls:
            options["ssl_context"] = ssl_context(
                self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile, self.ssl_key_password
            )
        if self.uses_sasl:
            options["sasl_mechanism"] = self.sasl_mechanism
            options.update(self._credentials())
        return options

    def _credentials(self) -> dict[str, Any]:
        if self.sasl_mechanism != "OAUTHBEARER":
            assert self.sasl_password is not None  # _belong_together saw to it
            password = self.sasl_password.get_secret_value()
            return {"sasl_plain_username": self.sasl_username, "sasl_plain_password": password}
        provider = token_provider(
            endpoint=self.oauth_token_endpoint,
            client_id=self.oauth_client_id,
            client_secret=self.oauth_client_secret,
            scope=self.oauth_scope,
            token_file=self.oauth_token_file,
        )
        return {"sasl_oauth_token_provider": provider}
