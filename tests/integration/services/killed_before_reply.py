"""A payment service that kills itself after the first commit, before its reply is sent.

Run as a module with the broker's address, the topic prefix and the folder of its database.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from infra.broker.settings import BrokerSettings
from services import payment, seed
from services.participant import ParticipantRunner
from services.participant.delivery import Delivery


def die(_delivery: Delivery, _outgoing: Any) -> NoReturn:
    """Nothing is closed, nothing is sent: as a power cut would leave it."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


async def main() -> None:
    """Serve until the first commit."""
    address, prefix, folder = sys.argv[1:]
    broker = BrokerSettings.local(address, topic_prefix=prefix)
    Delivery.submit = die
    data = seed.load()["payment"]
    async with ParticipantRunner(payment.participant, broker, Path(folder), seed=data):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
