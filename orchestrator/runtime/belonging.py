"""Whether the file belongs to this broker: asked before anything begins, for nothing may change
when it does not (ADR 0004).
"""

from orchestrator.runtime.errors import OtherLog
from orchestrator.sagalog.store import SagaLog


def refuse_elsewhere(log: SagaLog, partitions: int, *, embedded: bool, refill: bool) -> None:
    """Raises OtherLog where the file is of another kind of broker, or has more partitions.

    The embedded broker begins empty each time and is filled from the file by itself, so it would
    take over any file; a real cluster takes one of an embedded broker when told so (``refill``).
    """
    home = log.home()
    if home is not None and home != embedded and (embedded or not refill):
        here, there = (
            ("an embedded broker", "a Kafka cluster")
            if embedded
            else ("a Kafka cluster", "an embedded broker")
        )
        remedy = "name it with --broker" if embedded else "`saga replay refill` brings it here"
        raise OtherLog(
            f"the file {log.file} belongs to {there}, and this is {here}: {remedy}, or use another"
            " data folder; nothing was changed"
        )
    if beyond := [held.partition for held in log.partitions() if held.partition >= partitions]:
        raise OtherLog(
            f"the file {log.file} has sagas in partition {beyond[0]}, and the number of partitions"
            f" here is {partitions}: it is fixed for life (SAGA_PARTITIONS), or this is another"
            " broker; nothing was changed"
        )
