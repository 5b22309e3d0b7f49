"""TLS for Kafka connections: whom we trust, and who we are."""

import ssl
from pathlib import Path

from aiokafka.helpers import create_ssl_context
from pydantic import SecretStr

from infra.broker.errors import BrokerSettingsError


def ssl_context(
    cafile: Path | None, certfile: Path | None, keyfile: Path | None, password: SecretStr | None
) -> ssl.SSLContext:
    """A client context that checks host names. Without `cafile` the system's authorities count.

    Raises `BrokerSettingsError`, naming the files, when one cannot be read or does not fit.
    """
    try:
        return create_ssl_context(
            cafile=cafile,
            certfile=certfile,
            keyfile=keyfile,
            # an empty password makes OpenSSL fail instead of asking on the terminal
            password=password.get_secret_value() if password else "",
        )
    except OSError as error:  # ssl.SSLError is one
        named = ", ".join(str(path) for path in (cafile, certfile, keyfile) if path is not None)
        raise BrokerSettingsError(f"TLS files ({named}): {error}") from error
