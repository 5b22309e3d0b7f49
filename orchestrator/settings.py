"""The settings of the orchestrator's processes: environment (`SAGA_*`), then `.env`, then defaults.

How Kafka is reached stands apart, in `infra.broker.settings` (`KAFKA_*`): services need only that.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PARTITIONS: Final = 8
PARTITIONS_EMBEDDED: Final = 1  # one process owns all of them (ADR 0012)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """What a process of the orchestrator can be told; `saga config` lists it.

    Raises `pydantic.ValidationError` for values that are wrong alone or together.
    """

    model_config = SettingsConfigDict(
        env_prefix="SAGA_", env_file=".env", extra="ignore", frozen=True
    )

    app: str = Field(default="sagas:app", description="the application, as package.module:name")
    app_dir: Path | None = Field(default=None, description="where to look for it as well")
    data: Path = Field(default=Path(".saga"), description="folder of the log, databases and token")
    http_host: str = Field(default="127.0.0.1", description="address the HTTP API binds to")
    http_port: int = Field(default=8000, ge=0, le=65535, description="its port; 0 takes a free one")
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="loopback port for /metrics without the token (services: /health too)",
    )
    token: SecretStr | None = Field(
        default=None,
        description="bearer token of the HTTP API; None: made once, kept in DATA/token",
    )
    partitions: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="of requests, replies and log, fixed for life; None: 8, or 1 embedded (law 10)",
    )
    group: str = Field(
        default="saga-orchestrator",
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        description="consumer group that all orchestrator processes of a cluster share",
    )
    create_topics: bool = Field(default=True, description="create missing topics at start")
    allow_weak_log: bool = Field(
        default=False, description="start although saga.log may lose what it acknowledged (law 2)"
    )
    overrides: Annotated[dict[str, Any], NoDecode] = Field(
        default_factory=dict,
        description="times and retries of sagas, as JSON by their names (docs/guide.md)",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto: console on a terminal, JSON elsewhere"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("overrides", mode="before")
    @classmethod
    def _json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "{}")
        except ValueError as error:
            raise ValueError(f"it is not JSON ({error})") from error

    @field_validator("app")
    @classmethod
    def _import_string(cls, value: str) -> str:
        module, _, attribute = value.partition(":")
        if not all(part.isidentifier() for part in [*module.split("."), *attribute.split(".")]):
            raise ValueError(f"{value!r} is not an import string such as package.module:name")
        return value

    @field_validator("token")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("a token has at least 16 characters")
        return value

    @model_validator(mode="after")
    def _closed_by_default(self) -> Self:
        if self.http_host not in LOOPBACK and self.token is None:
            raise ValueError(f"binding to {self.http_host} needs a configured token (SAGA_TOKEN)")
        return self

    def partitions_on(self, *, embedded: bool) -> int:
        """How many partitions requests, replies and log have on this kind of broker (law 10)."""
        return self.partitions or (PARTITIONS_EMBEDDED if embedded else PARTITIONS)
