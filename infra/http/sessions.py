"""Browser sessions: a one-time login link becomes a cookie, and writes with it need a CSRF token.

In memory: a restart logs everybody out, and a stolen file opens nothing. Times are monotonic
seconds of the injected clock. Codes, sessions and CSRF tokens are 256 random bits; they are looked
up by their SHA-256, so that the time of a look-up tells nothing about them.
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final, Generic, NamedTuple, TypeVar

from infra.clock import Clock

COOKIE: Final = "saga_session"
CSRF_HEADER: Final = "X-CSRF-Token"
LOGIN_SECONDS: Final = 600
SESSION_SECONDS: Final = 12 * 3600
_MOST: Final = 1_000  # of each kind: the oldest goes first

T = TypeVar("T")


class Session(NamedTuple):
    """A browser that logged in; `csrf` is what its pages send with every write."""

    csrf: str


class Sessions:
    """Login codes and the sessions they were exchanged for."""

    def __init__(self, clock: Clock) -> None:
        self._codes: _Expiring[None] = _Expiring(clock, LOGIN_SECONDS)
        self._open: _Expiring[Session] = _Expiring(clock, SESSION_SECONDS)

    def login_code(self) -> str:
        """A new code for a login link; it works once, for `LOGIN_SECONDS`."""
        return self._codes.add(None)

    def login(self, code: str) -> str | None:
        """Exchange a login code for a new session cookie's value; None when it does not work."""
        if not self._codes.take(code):
            return None
        return self._open.add(Session(secrets.token_urlsafe(32)))

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie, unless it is unknown or over."""
        return self._open.get(cookie)

    def logout(self, cookie: str) -> None:
        """End a session; an unknown cookie is fine."""
        self._open.take(cookie)


def same_secret(given: str, expected: str) -> bool:
    """Compare two secrets in a time that depends on neither, nor on their lengths."""
    return hmac.compare_digest(_digest(given), _digest(expected))


class _Expiring(Generic[T]):
    """Values under random keys, each for the same number of seconds, so the oldest ends first."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._values: dict[bytes, tuple[float, T]] = {}

    def add(self, value: T) -> str:
        """Keep the value; its new key."""
        self._drop_old()
        if len(self._values) >= _MOST:
            del self._values[next(iter(self._values))]
        key = secrets.token_urlsafe(32)
        self._values[_digest(key)] = (self._clock.monotonic() + self._seconds, value)
        return key

    def get(self, key: str) -> T | None:
        """The value, unless unknown or over."""
        until, value = self._values.get(_digest(key), (0.0, None))
        return value if self._clock.monotonic() < until else None

    def take(self, key: str) -> bool:
        """Remove the value; whether it was there and not over."""
        until, _ = self._values.pop(_digest(key), (0.0, None))
        return self._clock.monotonic() < until

    def _drop_old(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, (until, _) in self._values.items() if until <= now]:
            del self._values[key]


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()
