"""OAuth tokens for SASL OAUTHBEARER (RFC 7628): from a token endpoint, or from a file."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from aiokafka.abc import AbstractTokenProvider
from pydantic import SecretStr

from infra.broker.errors import TokenError

RENEW_BEFORE_S = 30.0
REQUEST_TIMEOUT_S = 10.0


class TokenFile(AbstractTokenProvider):
    """Reads the token anew at every connect: whoever renews it replaces the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The file's text. Raises `TokenError` when it cannot be read."""
        try:
            text = await asyncio.to_thread(self._path.read_text, encoding="utf-8")
        except OSError as error:
            raise TokenError(f"token file {self._path}: {error.strerror}") from error
        return text.strip()


class TokenEndpoint(AbstractTokenProvider):
    """Client-credentials grant (RFC 6749, 4.4); a token is kept until shortly before it expires."""

    def __init__(
        self,
        endpoint: str,
        client_id: str,
        client_secret: SecretStr,
        scope: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._credentials = (client_id, client_secret)
        self._scope = scope
        self._monotonic = monotonic
        self._token = ""
        self._renew_at = float("-inf")
        self._lock = asyncio.Lock()

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A token that is still valid. Raises `TokenError` when the endpoint gives none."""
        async with self._lock:
            if self._monotonic() >= self._renew_at:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        client_id, secret = self._credentials
        form = {"grant_type": "client_credentials"}
        if self._scope:
            form["scope"] = self._scope
        try:
            async with httpx.AsyncClient(timeout=REQUEST_TIMEOUT_S) as client:
                answer = await client.post(
                    self._endpoint, data=form, auth=(client_id, secret.get_secret_value())
                )
            answer.raise_for_status()
            body = answer.json()
            self._token = str(body["access_token"])
            lifetime_s = float(body.get("expires_in", 0))
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise TokenError(f"token endpoint {self._endpoint}: {reason}") from error
        self._renew_at = self._monotonic() + max(0.0, lifetime_s - RENEW_BEFORE_S)


def token_provider(
    *,
    endpoint: str | None,
    client_id: str | None,
    client_secret: SecretStr | None,
    scope: str | None,
    token_file: Path | None,
) -> AbstractTokenProvider:
    """The provider these settings ask for; a token file goes before an endpoint."""
    if token_file is not None:
        return TokenFile(token_file)
    assert endpoint is not None and client_id is not None and client_secret is not None
    return TokenEndpoint(endpoint, client_id, client_secret, scope)
