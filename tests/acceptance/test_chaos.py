"""`saga chaos`, the short form: real processes on a Kafka of its own, killed under load."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import CLI, environment
from tests.brokers import no_local_kafka

MINUTES = "0.8"
SEED = "1641"
"""Its first 43 seconds have blows of every kind."""
PATIENCE_S = 400


@pytest.mark.kafka
@pytest.mark.proof
@pytest.mark.timeout(PATIENCE_S + 20)
def test_everything_adds_up_after_blows_of_every_kind(tmp_path: Path) -> None:
    """Whoever is killed or stopped: nothing is lost, nothing doubled."""
    if (reason := no_local_kafka()) is not None:
        pytest.skip(reason)
    done = subprocess.run(
        [*CLI, "chaos", "--minutes", MINUTES, "--seed", SEED, "--rate", "8", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment({"TMPDIR": str(tmp_path)}),
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["differences"] == []
    assert 300 < report["sagas"] < sum(report["ends"].values()), "some have begun others"
    signals = ("approve", "cancel", "reprice")
    fates = {f"{signal} {fate}" for signal in signals for fate in ("applied", "refused")}
    assert fates == report["decided"].keys()
    assert {"completed", "failed"} <= report["ends"].keys()
    assert {"orchestrator", "service", "broker", "freeze"} == report["blows"].keys()
    assert report["transitions"] > 2 * report["sagas"]
    assert not list(tmp_path.iterdir()), "what a run that adds up leaves behind"


def test_without_java_it_says_so(tmp_path: Path) -> None:
    """It wants a real Kafka, and nothing else will do."""
    done = subprocess.run(
        [*CLI, "chaos", "--minutes", "0.1"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment({"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}),
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done
    assert "java" in done.stderr and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
