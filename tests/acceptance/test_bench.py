"""`saga bench`: figures for a program, and no process left behind."""

import signal
from pathlib import Path

import pytest

from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from tests.acceptance.conftest import Saga

SMALL = ("bench", "--sagas", "60", "--concurrency", "30", "--json")
FIGURES = {"sagas", "seconds", "sagas_per_s", "p50_ms", "p95_ms", "p99_ms"}


def check(facts: dict[str, dict[str, object]], system: str, sagas: int) -> None:
    """Every figure is there, of that many sagas."""
    figures = facts[system]
    assert figures["sagas"] == sagas
    assert set(figures) >= FIGURES | {"cpu_ms_per_saga", "peak_mib"}
    assert all(isinstance(figures[name], int | float) and figures[name] for name in FIGURES)
    by_process = figures["peak_mib"]
    assert isinstance(by_process, dict)
    assert len(by_process) == 4, "client, two processes, and the broker"


def test_the_bench_on_the_embedded_broker_with_failing_sagas(saga: Saga) -> None:
    done = saga.run(*SMALL, "--failing", "20")
    assert done.code == 0, done
    check(done.facts, "saga", 60)


@pytest.mark.kafka
async def test_the_yardstick_on_real_kafka_leaves_no_topic_behind(
    saga: Saga, kafka_broker: BrokerSettings
) -> None:
    prefix = kafka_broker.topic_prefix
    asked = (*SMALL, "--yardstick", "--broker", kafka_broker.address)
    done = saga.run(*asked, KAFKA_TOPIC_PREFIX=prefix)
    assert done.code == 0, done
    check(done.facts, "saga", 60)
    check(done.facts, "yardstick", 60)
    assert set(done.facts["ratios"]) == {"sagas_per_s", "p50_ms", "p99_ms", "cpu_ms_per_saga"}
    assert [name for name in await list_topics(kafka_broker) if name.startswith(prefix)] == []


def test_the_engine_alone(saga: Saga) -> None:
    done = saga.run("bench", "engine", "--sagas", "200", "--json")
    assert done.code == 0, done
    assert done.facts["decisions"] == 1_000
    assert done.facts["decisions_per_s"] > 0


def test_an_application_without_a_load_is_told(saga: Saga, tmp_path: Path) -> None:
    (tmp_path / "loadless.py").write_text(
        "from orchestrator.definition import Application\napp = Application(name='x', sagas=())\n"
    )
    done = saga.run("bench", "--app", "loadless:app", "--app-dir", str(tmp_path))
    done.is_a_mistake("declares no load")


def test_ctrl_c_ends_every_process(saga: Saga) -> None:
    bench = saga.spawn("bench", "--sagas", "100000", "--concurrency", "10", "--json")
    # the embedded broker, the orchestrator and the services
    saga.until(lambda: len(_children(bench.pid)) >= 3, bench)
    children = _children(bench.pid)
    assert saga.stop(bench, signal.SIGINT) == 130
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def _children(pid: int) -> set[int]:
    """The processes that this one has started."""
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.add(int(folder.name))
    return found


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), {"by_time": 0}),
        (("--takeover",), {"taken_over": None}),
        (("--waiting", "--timeout", "12"), {"by_time": 0, "replies_waiting": 60}),
    ],
    ids=["restart", "takeover", "waiting"],
)
async def test_open_sagas_go_on_after_a_kill(
    saga: Saga,
    kafka_broker: BrokerSettings,
    options: tuple[str, ...],
    expected: dict[str, int | None],
) -> None:
    """Real processes, killed: counts and bounded memory. No time is asserted."""
    prefix = kafka_broker.topic_prefix
    asked = ("bench", "recovery", "--open", "60", "--broker", kafka_broker.address, *options)
    done = saga.run(*asked, "--json", KAFKA_TOPIC_PREFIX=prefix)
    assert done.code == 0, done
    figures = done.facts["figures"]
    assert figures["open"] == 60
    assert figures["peak_mib"] < 200
    for name, value in expected.items():
        assert figures[name] == value if value is not None else figures[name] > 0, name
    assert [name for name in await list_topics(kafka_broker) if name.startswith(prefix)] == []


def test_recovery_needs_a_real_kafka(saga: Saga) -> None:
    saga.run("bench", "recovery").is_a_mistake("--broker")


def test_http_latencies_beside_their_targets(saga: Saga) -> None:
    """Figures of every kind of request, and no process left; no time is asserted."""
    asked = ("bench", "http", "--rate", "2", "--seconds", "6", "--signals", "100")
    done = saga.run(*asked, "--json")
    assert done.code == 0, done
    facts = done.facts
    assert (facts["broker"], facts["offered_per_s"], facts["maximum_per_s"]) == (
        "embedded",
        2,
        None,
    )
    requests = facts["requests"]
    assert list(requests) == ["start", "status", "signal", "health"]
    for kind, one in requests.items():
        assert one["p50_ms"] <= one["p95_ms"] <= one["p99_ms"] <= one["max_ms"], kind
        in_time = one["p99_ms"] < one["target_ms"]
        assert one["met"] == (in_time and not one["failed"]), kind
        assert sum(one["answers"].values()) == one["requests"], kind
    assert set(requests["start"]["answers"]) <= {"200", "202"}
    assert set(requests["status"]["answers"]) == {"200"}
    assert set(requests["signal"]["answers"]) <= {"202", "409"}
    counts = facts["sagas"]
    assert counts["started"] == requests["start"]["requests"]
    assert counts["completed"] + sum(counts["failed"].values()) == counts["started"]
    assert set(facts["cpu_ms_per_start"]) == {"client", "up"}
    assert facts["disk_sync"]["p50_ms"] > 0


def test_http_finds_the_maximum_and_offers_half_of_it(saga: Saga) -> None:
    done = saga.run("bench", "http", "--maximum", "1", "--seconds", "2")
    assert done.code == 0, done
    assert "half of" in done.out and "p99 below" in done.out
    for kind in ("start", "health"):
        assert kind in done.out


def test_http_needs_an_application_that_says_what_to_ask(saga: Saga) -> None:
    (saga.folder / "mute.py").write_text(
        "from dataclasses import replace\nimport sagas\napp = replace(sagas.app, visits=None)\n"
    )
    done = saga.run("bench", "http", "--app", "mute:app", "--app-dir", str(saga.folder))
    done.is_a_mistake("declares no visits")
    (saga.folder / "lost.py").write_text(
        "from dataclasses import replace\nimport sagas\napp = replace(sagas.app, sagas=())\n"
    )
    done = saga.run("bench", "http", "--app", "lost:app", "--app-dir", str(saga.folder))
    done.is_a_mistake("order-lifecycle", "no saga of lost:app")


@pytest.mark.kafka
async def test_http_on_real_kafka_leaves_no_topic_behind(
    saga: Saga, kafka_broker: BrokerSettings
) -> None:
    prefix = kafka_broker.topic_prefix
    asked = ("bench", "http", "--rate", "2", "--seconds", "3", "--broker", kafka_broker.address)
    done = saga.run(*asked, "--json", KAFKA_TOPIC_PREFIX=prefix)
    assert done.code == 0, done
    assert done.facts["broker"] == kafka_broker.address
    assert [name for name in await list_topics(kafka_broker) if name.startswith(prefix)] == []
