"""Dashboard and alerts draw metrics that there are, and docs/telemetry.md tells of them all."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.http.observed import METHODS
from infra.telemetry.metrics import Counter, Gauge, Histogram, Metrics
from orchestrator.cli.registry import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "infra/monitoring"
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text(encoding="utf-8"))
ALERTS = (FOLDER / "alerts.yaml").read_text(encoding="utf-8")
SCRAPE = (FOLDER / "prometheus.yaml").read_text(encoding="utf-8")
DOCS = (ROOT / "docs/telemetry.md").read_text(encoding="utf-8")
REGISTER = {metric.name: metric for metric in Metrics().all()}
KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
EVERYWHERE = {"le", "instance", "job"}
"""Labels that Prometheus itself adds."""

SELECTED = re.compile(
    r"\b(?P<name>(?:saga|process|up)\w*)(?:\{(?P<labels>[^{}]*(?:\{\w+\}[^{}]*)*)\})?"
)
LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|without) \(([^)]*)\)")


def panels() -> list[dict]:
    """Every panel that shows something."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def drawn() -> Iterator[tuple[str, str]]:
    """Where an expression stands, and the expression."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    yield "the variable", DASHBOARD["templating"]["list"][1]["definition"]


def alerts() -> list[tuple[str, str]]:
    """Each alert by name, with its expression."""
    found = []
    for block in ALERTS.split("- alert: ")[1:]:
        name, rest = block.split("\n", 1)
        body = re.search(r"expr: (?:>-\n)?(.*?)\n        (?:for|labels): ?", rest, re.DOTALL)
        assert body is not None, name
        found.append((name, " ".join(body[1].split())))
    return found


EXPRESSIONS = [*drawn(), *alerts()]


def metric_of(name: str) -> Counter | Gauge | Histogram:
    """The metric of the register that a series belongs to."""
    base = re.sub(r"_(bucket|count|sum)$", "", name)
    if isinstance(REGISTER.get(base), Histogram):
        return REGISTER[base]
    return REGISTER[name]


@pytest.mark.parametrize(("place", "expression"), EXPRESSIONS, ids=[p for p, _ in EXPRESSIONS])
def test_every_metric_and_label_that_is_named_exists(place: str, expression: str) -> None:
    assert expression.count("(") == expression.count(")"), place
    grouped = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    known = set(EVERYWHERE)
    found = list(SELECTED.finditer(expression))
    assert found, place
    for one in found:
        name = one["name"]
        if name.startswith(("process_", "up")):
            continue
        metric = metric_of(name)
        series = name.removeprefix(metric.name)
        assert (series != "") == isinstance(metric, Histogram), f"{place}: {name}"
        labels = set(metric.labels) | ({"le"} if series == "_bucket" else set())
        known |= labels
        used = {label for label, _ in LABEL.findall(one["labels"] or "")}
        assert used <= labels | EVERYWHERE, f"{place}: {name} has no {used - labels}"
        if isinstance(metric, Gauge) or place == "the variable":
            continue
        around = expression[: one.start()].rstrip("(")
        assert around.endswith(("rate", "increase")), f"{place}: {name} only ever grows"
    assert grouped <= known, f"{place}: {grouped - known}"


def test_a_bound_that_is_drawn_is_a_bucket() -> None:
    """Prometheus writes bounds as we do, and finds nothing where they differ."""
    for place, expression in EXPRESSIONS:
        for one in SELECTED.finditer(expression):
            for label, value in LABEL.findall(one["labels"] or ""):
                if label == "le":
                    metric = metric_of(one["name"])
                    assert isinstance(metric, Histogram), place
                    assert value in {str(bound) for bound in metric.buckets}, place
                if label == "method":
                    assert value in METHODS, place


def test_every_metric_is_drawn() -> None:
    """What nobody looks at need not be counted."""
    shown = " ".join(expression for _, expression in drawn())
    missing = [name for name in REGISTER if not re.search(rf"\b{name}(_bucket|_count)?\b", shown)]
    assert not missing


def test_the_dashboard_can_be_laid_out() -> None:
    """Panels have ids of their own, stand inside the width, and do not overlap."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells


def test_the_alerts_say_what_to_do_with_commands_that_exist() -> None:
    assert len(alerts()) == len({name for name, _ in alerts()}) > 10
    assert ALERTS.count("summary: ") == ALERTS.count("description: ") == len(alerts())
    assert set(re.findall(r"`saga (\w+)", ALERTS)) - {"simulate"} <= COMMANDS.keys()


def test_labels_in_a_summary_are_there_after_the_expression() -> None:
    """What an expression has summed over is gone."""
    for block, (name, expression) in zip(ALERTS.split("- alert: ")[1:], alerts(), strict=True):
        used = set(re.findall(r"\$labels\.(\w+)", block))
        grouped = {one.strip() for group in GROUPED.findall(expression) for one in group.split(",")}
        assert used <= grouped or not GROUPED.search(expression), name


def test_the_scrape_example_asks_where_the_metrics_are() -> None:
    assert "metrics_path: /metrics" in SCRAPE
    assert "alerts.yaml" in SCRAPE


ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)


def test_the_documentation_tells_of_every_metric_and_of_no_other() -> None:
    told = {name: (kind, labels.replace("`", "")) for name, kind, labels, _ in ROW.findall(DOCS)}
    assert len(told) == len(ROW.findall(DOCS))
    assert told == {
        name: (KINDS[type(metric)], ", ".join(metric.labels)) for name, metric in REGISTER.items()
    }
