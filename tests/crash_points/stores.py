"""One store is lost, or is another's: what brings it back dies, and is called again (law 14)."""

import msgspec

from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.store import SagaLog
from tests.crash_points.stage import OTHERS, Stage
from tests.crash_points.traffic import at_payment, pay


async def refilled(stage: Stage, point: str) -> None:
    """The broker has lost everything; `saga replay refill` dies, and is called again."""
    await at_payment(stage)
    await stage.stop("services")
    await stage.stop("orchestrator")
    stage.move()
    stage.begin("refill", ["replay", "refill", "--broker", stage.broker.address], point)
    await stage.died("refill", point)
    stage.begin("refill", ["replay", "refill", "--broker", stage.broker.address])
    await stage.done("refill")
    stage.orchestrator()
    stage.services(*OTHERS)
    pay(stage)
    await stage.ended()


async def rebuilt(stage: Stage, point: str) -> None:
    """The file is lost; `saga replay rebuild` dies, and is called again."""
    await at_payment(stage)
    await stage.stop("orchestrator")
    _lose(stage)
    words = ["replay", "rebuild", "--broker", stage.broker.address]
    stage.begin("rebuild", words, point)
    await stage.died("rebuild", point)
    if not stage.file.exists():
        stage.begin("rebuild", words)
        await stage.done("rebuild")
    stage.orchestrator()
    pay(stage)
    await stage.ended()


async def followed(stage: Stage, point: str) -> None:
    """The file is lost, and the orchestrator reads the whole log itself; it dies meanwhile."""
    await at_payment(stage)
    await stage.stop("orchestrator")
    _lose(stage)
    stage.orchestrator(point)
    pay(stage)
    await stage.died("orchestrator", point)
    stage.orchestrator()
    await stage.ended()


async def set_aside(stage: Stage, point: str) -> None:
    """The file contradicts the topic, as when somebody else went on with the log on another
    machine; the orchestrator dies while it sets it aside.
    """
    await at_payment(stage)
    await stage.stop("orchestrator")
    with SagaLog.open(stage.file) as log:
        batch = Batch()
        for held in log.partitions():
            batch.keep(msgspec.structs.replace(held, epoch="e" * 24))
        log.commit(batch)
    stage.orchestrator(point)
    pay(stage)
    await stage.died("orchestrator", point)
    stage.orchestrator()
    await stage.ended()


async def backed_up(stage: Stage, point: str) -> None:
    """`saga backup` dies beside the running orchestrator, and is called again."""
    await at_payment(stage)
    copy = stage.folder / "copy.db"
    stage.begin("backup", ["backup", str(copy)], point)
    await stage.died("backup", point)
    if not copy.exists():
        stage.begin("backup", ["backup", str(copy)])
        await stage.done("backup")
    await _lost_but_for(stage, str(copy), "")
    pay(stage)
    await stage.ended()


async def restored(stage: Stage, point: str) -> None:
    """The file is lost; `saga backup restore` dies, and is called again."""
    await at_payment(stage)
    copy = stage.folder / "copy.db"
    stage.begin("backup", ["backup", str(copy)])
    await stage.done("backup")
    await _lost_but_for(stage, str(copy), point)
    pay(stage)
    await stage.ended()


async def _lost_but_for(stage: Stage, copy: str, point: str) -> None:
    """The file is lost and made from its copy."""
    await stage.stop("orchestrator")
    _lose(stage)
    if point:
        stage.begin("restore", ["backup", "restore", copy], point)
        await stage.died("restore", point)
    if not stage.file.exists():
        stage.begin("restore", ["backup", "restore", copy])
        await stage.done("restore")
    stage.orchestrator()


def _lose(stage: Stage) -> None:
    for end in ("", "-wal", "-shm"):
        stage.file.with_name(stage.file.name + end).unlink(missing_ok=True)
