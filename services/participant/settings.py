"""The settings of a participant's process: environment (`SAGA_SERVICE_*`), then `.env`, then
defaults.
"""

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.participant.rules import DEFAULT_SKEW_MS

DAY_MS: Final = 24 * 60 * 60 * 1_000
KEPT_DAYS: Final = 30
LEAST_DAYS: Final = 8
"""A day more than the topics keep: what can be read again is still remembered."""


class ServiceSettings(BaseSettings):
    """What a participant can be told. Raises `pydantic.ValidationError` for a wrong value."""

    model_config = SettingsConfigDict(
        env_prefix="SAGA_SERVICE_", env_file=".env", extra="ignore", frozen=True
    )

    skew_ms: int = Field(
        default=DEFAULT_SKEW_MS,
        ge=0,
        description="how far the orchestrator's clock may be off before a command has expired",
    )
    keep_days: int = Field(
        default=KEPT_DAYS,
        ge=LEAST_DAYS,
        description="how long the effects of ended sagas, and events, are remembered",
    )
    flaky: bool = Field(
        default=False,
        description="for tests: of the calls that may be flaky a third raises, a third hangs",
    )
    flaky_seed: int = Field(
        default=1, description="which of them: the same seed, the same orders, the same outcomes"
    )

    @property
    def flakiness(self) -> int | None:
        """The seed of flaky calls; None where there are none."""
        return self.flaky_seed if self.flaky else None

    @property
    def keep_ms(self) -> int:
        """The same in milliseconds."""
        return self.keep_days * DAY_MS
