"""SIGKILL in the middle of commits: whole transactions only, and none lost that was reported."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from contracts.topics import saga_id
from orchestrator.sagalog.store import SagaLog

ROOT = Path(__file__).resolve().parents[3]
COUNT = 20


def reported_until_killed(file: Path, batches: int) -> int:
    """Let a process commit, kill it after so many reports; how many it had reported."""
    command = [sys.executable, "-m", "tests.integration.sagalog.commit_for_ever", str(file)]
    with subprocess.Popen(
        [*command, str(COUNT)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(batches)]
        process.kill()
        said += process.stdout.readlines()
    whole = [line for line in said if line.endswith("\n")]
    return int(whole[-1])


def test_killed_again_and_again(file: Path):
    for batches in (1, 5, 13):
        reported = reported_until_killed(file, batches)
        with SagaLog.open(file) as log:
            facts = log.partition_facts(0)
            assert facts is not None
            assert facts.seq >= reported
            assert log.last_sequence(0) == facts.seq * COUNT
            assert [held.offset for held in log.suffix(0, 0)] == list(range(facts.offset + 1))
            for n in range(1, facts.seq * COUNT + 1):
                row, state = log.saga(saga_id(n, 0)), log.state(saga_id(n, 0))
                assert row is not None
                assert state is not None
                assert (row.status, row.number) == (state.status, 5)
        with closing(sqlite3.connect(file)) as other:
            assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
