"""Settings as this command line gives them: options before environment before `.env`."""

from pathlib import Path

from infra.broker.settings import BrokerSettings
from orchestrator.settings import Settings


def settings(
    *,
    app: str | None = None,
    app_dir: Path | None = None,
    data: Path | None = None,
    port: int | None = None,
) -> Settings:
    """The settings; what is None here is left to environment, `.env` and defaults.

    Raises `pydantic.ValidationError` for values that are wrong.
    """
    given = {"app": app, "app_dir": app_dir, "data": data, "http_port": port}
    return Settings.model_validate({k: v for k, v in given.items() if v is not None})


def broker(address: str | None = None) -> BrokerSettings | None:
    """The broker that option, environment or `.env` name; None when none of them does."""
    if address is not None:
        return BrokerSettings.model_validate({"bootstrap_servers": address})
    found = BrokerSettings()
    return found if "bootstrap_servers" in found.model_fields_set else None
