"""How the figures of the HTTP benchmark are shown."""

from typing import Any

from orchestrator.cli.views.bench_http import view
from tests.unit.cli.test_views import shown

SYNC = {"p50_ms": 2.5, "p99_ms": 8.0, "max_ms": 20.0, "stalled_percent": 0.5}


def facts(sync: dict[str, Any]) -> dict[str, Any]:
    """Of a run in which nothing was asked."""
    return {
        "broker": "embedded",
        "cores": 2,
        "maximum_per_s": None,
        "offered_per_s": 2.0,
        "seconds": 6.0,
        "requests": {},
        "client_behind_p99_ms": 0.1,
        "disk_sync": sync,
        "cpu_ms_per_start": {"up": 3.0},
        "sagas": {"started": 12, "completed": 12, "failed": {}},
    }


def told(sync: dict[str, Any]) -> str:
    """What is shown, wherever its lines end."""
    return " ".join(shown(view(facts(sync))).split())


def test_what_a_sync_of_the_disk_took() -> None:
    text = told(SYNC)
    assert "p50 2.5 ms, p99 8 ms, at most 20 ms; it stood still 0.5 % of the time" in text


def test_a_disk_that_could_not_be_probed_and_why() -> None:
    text = told({"trouble": "disk-probe cannot be written: Read-only file system"})
    assert "12 sagas, 12 completed" in text
    assert "could not be probed: disk-probe cannot be written: Read-only file system" in text
