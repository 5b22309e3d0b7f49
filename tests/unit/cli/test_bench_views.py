"""How the figures of a benchmark are shown: ours alone, and beside those of the bare loop."""

from infra.broker.settings import BrokerSettings
from orchestrator.bench.report import Figures
from orchestrator.cli.views.bench import result, view
from tests.unit.cli.test_views import shown

BROKER = BrokerSettings(bootstrap_servers="127.0.0.1:9092")


def figures(pace: float, cpu: dict[str, float]) -> Figures:
    """Of a run of ten sagas."""
    return Figures(10, 10 / pace, pace, 100.0, 200.0, 300.0, cpu, dict.fromkeys(cpu, 50.0))


def test_ours_alone_has_no_ratios() -> None:
    facts = result(BROKER, {"saga": figures(5.0, {"client": 0.1, "orchestrator": 0.4})})
    assert "ratios" not in facts
    text = shown(view(facts))
    assert "ratio" not in text
    assert "CPU ms a saga, orchestrator" in text


def test_ratios_of_every_figure_and_of_all_processes_together() -> None:
    ours, bare = {"client": 0.1, "orchestrator": 0.5}, {"client": 0.2, "loop": 0.1}
    facts = result(BROKER, {"saga": figures(5.0, ours), "yardstick": figures(10.0, bare)})
    assert facts["ratios"] == {
        "sagas_per_s": 0.5,
        "p50_ms": 1.0,
        "p99_ms": 1.0,
        "cpu_ms_per_saga": 2.0,
    }
    rows = [line.split() for line in shown(view(facts)).splitlines()]
    assert ["CPU", "ms", "a", "saga", "0.6", "0.3", "2"] in rows
    assert ["CPU", "ms", "a", "saga,", "loop", "0", "0.1"] in rows
