"""What is said of a broker that cannot be used."""

import asyncio
import logging

import pytest

from infra.broker import probe
from infra.broker.errors import BrokerUnreachable
from infra.broker.probe import wait_for_broker
from infra.broker.settings import BrokerSettings

WHY = "Invalid username or password"
SETTINGS = BrokerSettings.local("127.0.0.1:1")


class Admin:
    """Logs why it cannot connect, as aiokafka does, the first time; then it hangs."""

    tries = 0

    def __init__(self, says: str = "") -> None:
        self._says = says

    async def start(self) -> None:
        """Never done."""
        self.tries += 1
        if self._says and self.tries == 1:
            logging.getLogger("aiokafka").error("Unable connect to %s: %s", "node", self._says)
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(("says", "told"), [(WHY, WHY), ("", "it took too long")])
async def test_a_reason_wins_over_a_timeout(
    monkeypatch: pytest.MonkeyPatch, says: str, told: str
) -> None:
    """A slow attempt hides nothing, and the address is there in any case."""
    admin = Admin(says)
    monkeypatch.setattr(probe, "make_admin", lambda _: admin)
    with pytest.raises(BrokerUnreachable, match=rf"127\.0\.0\.1:1 .*: {told}$"):
        await wait_for_broker(SETTINGS, 0.01)


async def test_a_later_timeout_does_not_replace_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last real reason is the one that is told."""
    answers: list[BaseException] = [OSError(WHY)]

    async def ask(_: BrokerSettings) -> None:
        raise answers.pop() if answers else TimeoutError()

    monkeypatch.setattr(probe, "_ask", ask)
    with pytest.raises(BrokerUnreachable, match=f"{WHY}$"):
        await wait_for_broker(SETTINGS, 0.5)
    assert not answers
