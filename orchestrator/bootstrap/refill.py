"""`saga replay refill`: a broker that has lost the log gets it again from the file (law 14)."""

import asyncio
from typing import Final

from infra.broker.settings import BrokerSettings
from infra.datastore import FolderLock
from orchestrator.bootstrap.brokers import Say, reach
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.errors import NotRefilled
from orchestrator.bootstrap.parts import prepare_topics, running_orchestrator
from orchestrator.definition.application import Application
from orchestrator.replay.topic import names
from orchestrator.runtime.health import PartitionHealth
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.reader import Reader
from orchestrator.settings import Settings

POLL_S: Final = 0.1
OTHERS_S: Final = 30.0
"""How long others of the group may still hold partitions: a session of the dead and more."""


async def refill(
    settings: Settings, broker: BrokerSettings, application: Application, say: Say
) -> list[PartitionHealth]:
    """Own every partition once: what its log lacks is appended, and sent again what was under way.

    Interrupted, it goes on where it stopped when it is called again. Returns how the partitions
    stand. Raises NotRefilled, FolderInUse, BrokerError, DatastoreError.
    """
    with FolderLock(settings.data) as lock:
        logs = _logs(settings)
        sagas = load_sagas(application, settings.overrides)
        await reach(broker, say)
        _refuse_others(logs, await names(broker))
        await prepare_topics(broker, settings, application, sagas)
        async with running_orchestrator(
            settings, broker, sagas, lock=lock, refill=True
        ) as orchestrator:
            return await _until_sent(orchestrator, say)


def _logs(settings: Settings) -> dict[int, str]:
    """The ids of the logs that the file holds, by partition."""
    file = settings.data / "saga.db"
    if file.exists():
        with Reader.open(file) as reader:
            if held := {facts.partition: facts.log for facts in reader.partitions()}:
                return held
    raise NotRefilled(f"there is no saga log in {settings.data} to refill a broker from")


def _refuse_others(held: dict[int, str], found: dict[int, str]) -> None:
    """The runtime would set the file aside: that is not what the command was called for."""
    wrong = [partition for partition, log in found.items() if held.get(partition, log) != log]
    if wrong:
        raise NotRefilled(
            f"the broker holds another log in partition {', '.join(map(str, wrong))}: somebody has"
            " begun a new one, or it is another broker; nothing was changed"
        )


async def _until_sent(orchestrator: Orchestrator, say: Say) -> list[PartitionHealth]:
    """Wait until all partitions are ours and everything up to then has been sent."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + OTHERS_S
    wanted: dict[int, int] = {}
    while True:
        found = orchestrator.health().partitions
        for partition in found:
            if partition.role == "owner" and partition.partition not in wanted:
                say(f"partition {partition.partition}: refilled to {partition.log_offset}")
                wanted[partition.partition] = partition.log_offset
        if all(p.sent >= wanted.get(p.partition, p.sent + 1) for p in found):
            return found
        others = [p.partition for p in found if p.role == "follower"]
        if others and loop.time() > deadline:
            raise NotRefilled(
                f"other orchestrators of group {orchestrator.settings.group} hold partitions"
                f" {', '.join(map(str, others))}: stop them until the log is filled again"
            )
        await asyncio.sleep(POLL_S)
