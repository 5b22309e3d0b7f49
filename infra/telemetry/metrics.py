"""The one register of metric names: every metric of the product, with its type, unit, labels and
help.

Counting happens on the event loop, thousands of times a second, so a count here is one dict update;
what Prometheus reads is made of it when it asks. Not for use from several threads. Names follow
Prometheus' rules: ``saga_`` in front, ``_total`` for counters, base units (seconds) at the end.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
APPEND_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
STEP_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)

Labels = tuple[str, ...]


@dataclass
class _Described:
    """A metric's name, help and labels."""

    name: str
    help: str
    labels: Labels = ()

    def __post_init__(self) -> None:
        self.values: dict[Labels, float] = {}


class Counter(_Described):
    """Counts what has happened; only ever grows."""

    def add(self, *labels: str, by: float = 1) -> None:
        """Count ``by`` more under these label values, given in the order of ``labels``."""
        self.values[labels] = self.values.get(labels, 0) + by

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Take over what somebody else has counted, in full."""
        self.values = dict(values)

    def families(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        yield family


class Gauge(_Described):
    """How things stand now."""

    def set(self, value: float, *labels: str) -> None:
        """Set the value under these label values."""
        self.values[labels] = value

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Set all values at once; label values that are not named are gone."""
        self.values = dict(values)

    def families(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        yield family


@dataclass
class Histogram(_Described):
    """How often a value fell below each bound of ``buckets``."""

    buckets: tuple[float, ...] = APPEND_BUCKETS

    def __post_init__(self) -> None:
        super().__post_init__()
        self._counts: dict[Labels, list[int]] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(self.buckets) + 1)
        counts[bisect_left(self.buckets, value)] += 1
        self.values[labels] = self.values.get(labels, 0.0) + value

    def families(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        bounds = [*(str(bound) for bound in self.buckets), "+Inf"]
        for labels, counts in self._counts.items():
            family.add_metric(labels, list(_cumulated(bounds, counts)), self.values[labels])
        yield family


class Metrics(Collector):  # pylint: disable=too-many-instance-attributes  # the register itself
    """All metrics of one orchestrator process; the attributes are the register."""

    def __init__(self) -> None:
        self.sagas = Gauge("saga_sagas", "Sagas by state, in this process's file.", ("state",))
        self.started = Counter("saga_started_total", "Sagas started.", ("definition",))
        self.ended = Counter("saga_ended_total", "Sagas ended.", ("definition", "outcome"))
        self.start_refusals = Counter(
            "saga_start_refusals_total", "Starts that were refused.", ("code",)
        )
        self.transitions = Counter("saga_transitions_total", "Decisions written to the log.")
        self.step_seconds = Histogram(
            "saga_step_seconds",
            "Time from the last attempt of a step, or of its undo, to its outcome.",
            ("definition", "step", "direction"),
            STEP_BUCKETS,
        )
        self.retries = Counter(
            "saga_retries_total",
            "Attempts that failed or timed out.",
            ("definition", "step", "direction", "cause"),
        )
        self.refusals = Counter(
            "saga_refusals_total", "Commands refused by a service.", ("definition", "step", "code")
        )
        self.undos_owed = Counter(
            "saga_undos_owed_total", "Undos that became owed.", ("definition",)
        )
        self.undos_done = Counter(
            "saga_undos_done_total", "Undos that were done.", ("definition", "step")
        )
        self.late = Counter(
            "saga_late_total",
            "Sagas whose deadline passed when there was no way back any more.",
            ("definition",),
        )
        self.signals = Counter(
            "saga_signals_total",
            "Signals that sagas took: applied, or refused as too late or out of place.",
            ("definition", "signal", "outcome"),
        )
        self.needs_operator = Counter(
            "saga_needs_operator_total", "Times a saga came to wait for a person.", ("definition",)
        )
        self.dead_letters = Counter(
            "saga_dead_letters_total", "Messages sent to the dead letters.", ("topic",)
        )
        self.redriven = Counter(
            "saga_dead_letters_redriven_total", "Dead letters sent again.", ("topic",)
        )
        self.lag = Gauge(
            "saga_partition_lag_records",
            "Requests and replies of an owned partition that are not decided yet.",
            ("partition",),
        )
        self.owned = Gauge(
            "saga_partition_owned",
            "1 where this process owns the partition, else 0.",
            ("partition",),
        )
        self.service_messages = Counter(
            "saga_service_messages_total",
            "Messages to the services of this process, by what became of them.",
            ("service", "outcome"),
        )
        self.service_lag = Gauge(
            "saga_service_lag_records",
            "Messages that wait for a service of this process, as far as is known.",
            ("service",),
        )
        self.append_seconds = Histogram(
            "saga_log_append_seconds", "Time until an append to the log was acknowledged."
        )
        self.log_records = Counter(
            "saga_log_records_total", "Records acknowledged by the log.", ("partition",)
        )

    def all(self) -> Sequence[Counter | Gauge | Histogram]:
        """Every metric of the register."""
        kinds = (Counter, Gauge, Histogram)
        return [metric for metric in vars(self).values() if isinstance(metric, kinds)]

    def collect(self) -> Iterable[Metric]:
        """What Prometheus reads."""
        for metric in self.all():
            yield from metric.families()

    def text(self) -> bytes:
        """The exposition that ``/metrics`` answers with (``CONTENT_TYPE``)."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)


def _cumulated(bounds: Iterable[str], counts: Iterable[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip(bounds, counts, strict=True):
        total += count
        yield bound, total
