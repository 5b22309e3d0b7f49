"""Which errors are a user's to put right: their message is enough, and the exit code is 2."""

from typing import cast

from pydantic import ValidationError
from pydantic_settings import SettingsError

from infra.broker.errors import BrokerError
from infra.datastore import DatastoreError
from infra.embedded_broker import EmbeddedBrokerError
from infra.errors import Mistake
from infra.http.errors import HttpError
from infra.kafka import LocalKafkaError
from infra.logging import LoggingError
from orchestrator.bootstrap.errors import BootstrapError
from orchestrator.conformance.errors import ConformanceError
from orchestrator.definition.errors import SagaMistake
from orchestrator.replay.errors import ReplayError
from orchestrator.runtime.errors import LogLost, OtherLog
from orchestrator.sagalog.errors import SagaLogError

MISTAKES = (
    BootstrapError,
    BrokerError,
    ConformanceError,
    DatastoreError,
    EmbeddedBrokerError,
    HttpError,
    LocalKafkaError,
    LogLost,
    LoggingError,
    Mistake,
    OtherLog,
    ReplayError,
    SagaLogError,
    SagaMistake,
    SettingsError,
)

_PREFIXES = {
    "Settings": "SAGA_",
    "BrokerSettings": "KAFKA_",
    "ServiceSettings": "SAGA_SERVICE_",
}


def mistake(error: BaseException) -> str | None:
    """The line for the user, or None when the error is a defect of ours."""
    if isinstance(error, BaseExceptionGroup):
        group = cast(BaseExceptionGroup[BaseException], error)
        found = [mistake(inner) for inner in group.exceptions]
        return next(iter(found)) if found and None not in found else None
    if isinstance(error, ValidationError):
        return _wrong_setting(error)
    return str(error) if isinstance(error, MISTAKES) else None


def _wrong_setting(error: ValidationError) -> str | None:
    """The first wrong setting, by the name of its variable."""
    prefix = _PREFIXES.get(error.title)
    if prefix is None:
        return None
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    name = ".".join(str(part) for part in first["loc"])
    return f"{prefix}{name.upper()}: {reason}" if name else f"{prefix}*: {reason}"
