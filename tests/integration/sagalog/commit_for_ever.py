"""A process that commits batches until it is killed; each batch says in its facts how far it went.

Run: python -m tests.integration.sagalog.commit_for_ever FILE SAGAS_PER_BATCH
"""

import sys

from contracts.topics import saga_id
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import batch_of, order_states


def main(file: str, count: int) -> None:
    """Batch b holds the sagas of the sequences b*count+1 .. (b+1)*count in partition 0."""
    log = SagaLog.open(file)
    number = log.last_sequence(0) // count
    while True:
        first = number * count
        sagas = [order_states(saga_id(n, 0)) for n in range(first + 1, first + count + 1)]
        batch = batch_of(*sagas, first_offset=first * 5)
        number += 1
        batch.keep(PartitionFacts(0, "log", "epoch", number, number * count * 5 - 1))
        log.commit(batch)
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
