"""How long a commit takes: sagas of five transitions, four steps, as order fulfillment logs them.

Run: python -m tests.measurements.saga_log_commit
"""

import tempfile
import time
from pathlib import Path

from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.store import SagaLog
from tests.integration.sagalog.sagas import order_states

SAGAS = 20_000


def main(file: Path, together: int) -> None:
    """Commit with so many sagas in flight, one transition of each in a batch."""
    log = SagaLog.open(file)
    sagas = [order_states(saga=(n << 10) | n % 8, at=n) for n in range(1, SAGAS + 1)]
    sealed = [[(seal(told), state) for told, state in saga] for saga in sagas]
    offset, spent, cpu, batches = 0, 0.0, 0.0, 0
    for first in range(0, SAGAS, together):
        for number in range(5):
            begin, used = time.perf_counter(), time.process_time()
            batch = Batch()
            for saga in sealed[first : first + together]:
                batch.add(offset, *saga[number])
                offset += 1
            log.commit(batch)
            spent += time.perf_counter() - begin
            cpu += time.process_time() - used
            batches += 1
    log.close()
    print(
        f"{together:5} in flight: {spent / SAGAS * 1e6:6.1f} us a saga"
        f" ({cpu / SAGAS * 1e6:.1f} us CPU),"
        f" {batches} commits, {file.stat().st_size / SAGAS:.0f} bytes a saga"
    )


if __name__ == "__main__":
    for count in (100, 500, 2_000):
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "saga.db", count)
