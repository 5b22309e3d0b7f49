"""Who this process is: its seat in the consumer group, and its place on an embedded broker."""

import random
import tempfile
from pathlib import Path

from infra.broker.settings import BrokerSettings
from infra.datastore import FolderInUse, FolderLock
from orchestrator.runtime.errors import EmbeddedBrokerTaken


def member_of(folder: Path, chance: random.Random) -> str:
    """The static membership id of a locked data folder: made once, kept for good.

    Two members with one id would evict each other for ever; the lock on the folder forbids that.
    """
    file = folder / "member"
    if not file.exists():
        file.write_text(f"saga-{chance.getrandbits(64):016x}\n", "ascii")
    return file.read_text("ascii").strip()


def take_embedded(broker: BrokerSettings) -> FolderLock:
    """Take an embedded broker for this process alone: a second member of a group would end it.

    It is on loopback, so whoever could take it is on this machine. Raises EmbeddedBrokerTaken.
    """
    place = broker.address.replace(":", "-").replace("/", "-").replace(",", "-")
    lock = FolderLock(Path(tempfile.gettempdir()) / f"saga-embedded-{place}")
    try:
        lock.acquire()
    except FolderInUse as error:
        raise EmbeddedBrokerTaken(
            f"another orchestrator uses the embedded broker at {broker.address} already,"
            " and it takes only one; a real Kafka takes many"
        ) from error
    return lock
