"""The register of metrics: names, units and help, and what Prometheus reads."""

import re
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from infra.telemetry.kinds import MOST, written
from infra.telemetry.metrics import Counter, Gauge, Histogram, Metrics

REGISTER = Metrics().all()
LABELS = {"definition", "state", "outcome", "step", "direction", "cause", "code", "signal"} | {
    "action",
    "component",
    "file",
    "message",
    "method",
    "partition",
    "route",
    "service",
    "status",
    "topic",
}


@pytest.mark.parametrize("metric", REGISTER, ids=lambda metric: metric.name)
def test_names_follow_the_rules(metric: Counter | Gauge | Histogram):
    assert re.fullmatch(r"saga_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.help.endswith(".")
    assert metric.help[0].isupper() or metric.help[0].isdigit()
    assert metric.name.endswith("_total") == isinstance(metric, Counter)
    if isinstance(metric, Histogram):
        assert metric.name.endswith("_seconds")
        assert list(metric.buckets) == sorted(set(metric.buckets))
    for label in metric.labels:
        assert label in LABELS


def test_names_are_given_once():
    names = [metric.name for metric in REGISTER]
    assert len(set(names)) == len(names) > 10


def exposed(metrics: Metrics) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """What Prometheus would read."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_counts_add_up():
    metrics = Metrics()
    metrics.started.add("work")
    metrics.started.add("work", by=2)
    metrics.ended.add("work", "failed")
    found = exposed(metrics)
    assert found["saga_started_total"] == {(("definition", "work"),): 3}
    assert found["saga_ended_total"] == {(("definition", "work"), ("outcome", "failed")): 1}


def test_gauges_forget_what_is_gone():
    metrics = Metrics()
    metrics.owned.set(1, "0")
    metrics.owned.replace({("1",): 1})
    assert exposed(metrics)["saga_partition_owned"] == {(("partition", "1"),): 1}


def test_histograms_cumulate():
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 0.3, 99):
        metrics.append_seconds.observe(seconds)
    found = exposed(metrics)
    buckets = {
        labels[0][1]: value for labels, value in found["saga_log_append_seconds_bucket"].items()
    }
    assert (buckets["0.001"], buckets["0.002"], buckets["0.5"], buckets["+Inf"]) == (1, 2, 3, 4)
    assert found["saga_log_append_seconds_count"] == {(): 4}
    assert found["saga_log_append_seconds_sum"][()] == pytest.approx(99.3021)


def test_label_values_are_escaped():
    metrics = Metrics()
    metrics.started.add('a"b\\c\nd')
    assert exposed(metrics)["saga_started_total"] == {(("definition", 'a"b\\c\nd'),): 1}


def of_the_library(metric: Counter | Gauge | Histogram) -> str:
    """What Prometheus' own client library would write of it."""
    if isinstance(metric, Counter):
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    elif isinstance(metric, Gauge):
        family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    else:
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in metric.values.items():
        if isinstance(metric, Histogram):
            bounds = [*map(str, metric.buckets), "+Inf"]
            counts = accumulate(metric._counts[labels])  # pylint: disable=protected-access
            family.add_metric(labels, list(zip(bounds, counts, strict=True)), value)
        else:
            family.add_metric(labels, value)

    class One(Collector):
        """A registry of one."""

        def collect(self):
            return [family]

    registry = CollectorRegistry(auto_describe=False)
    registry.register(One())
    return generate_latest(registry).decode()


VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.floats(0, 1e9) | st.integers(0, 2**53)


@pytest.mark.parametrize("name", ["signals", "sagas", "wakeless", "step_seconds", "append_seconds"])
@given(data=st.data())
def test_what_is_written_is_what_the_library_would_write(name: str, data: st.DataObject):
    metric = getattr(Metrics(), name)
    labels = st.tuples(*[VALUES] * len(metric.labels))
    for one in data.draw(st.lists(st.tuples(labels, NUMBERS), min_size=1, max_size=6)):
        match metric:
            case Counter():
                metric.add(*one[0], by=one[1])
            case Gauge():
                metric.set(one[1], *one[0])
            case _:
                metric.observe(one[1], *one[0])
    assert samples(written([metric]).decode()) == samples(of_the_library(metric))


def samples(text: str) -> list[tuple]:
    """What Prometheus makes of it, in the order written; numbers may be written in any way."""
    return [
        (family.name, family.type, family.documentation, sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def test_what_strangers_name_does_not_grow_without_end():
    """A signal may have any name, so the label values that are kept are bounded."""
    metrics = Metrics()
    for number in range(MOST + 50):
        metrics.signals.add("work", f"signal-{number}", "refused")
        metrics.http_seconds.observe(0.1, "GET", f"/{number}", "200")
        metrics.sick.set(1, f"topic-{number}")
    assert len(metrics.signals.values) == MOST + 1
    assert metrics.signals.values["other", "other", "other"] == 50
    assert metrics.http_seconds.values["other", "other", "other"] == pytest.approx(5.0)
    assert len(metrics.http_seconds.values) == len(metrics.sick.values) == MOST + 1
    metrics.signals.add("work", "signal-1", "refused")
    assert metrics.signals.values["work", "signal-1", "refused"] == 2


def test_what_every_process_has_is_there_too():
    assert "process_cpu_seconds_total" in exposed(Metrics())
