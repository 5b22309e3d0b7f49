"""The kinds of metrics: counter, gauge and histogram, dicts that Prometheus reads when it asks.

Counting happens on the event loop, thousands of times a second, so a count here is one dict update.
Not for use from several threads.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

Labels = tuple[str, ...]

MOST: Final = 2_000
"""Label values that one metric may have. Some are what strangers send (the name of a signal, the
code of a refusal), and every new one is memory here and in Prometheus for good."""
OTHER: Final = "other"
"""The value of every label beyond that."""


@dataclass
class _Described:
    """A metric's name, help and labels."""

    name: str
    help: str
    labels: Labels = ()

    def __post_init__(self) -> None:
        self.values: dict[Labels, float] = {}

    def _known(self, labels: Labels) -> Labels:
        """These label values, or ``OTHER`` where there are too many already."""
        if labels in self.values or len(self.values) < MOST:
            return labels
        return (OTHER,) * len(self.labels)


class Counter(_Described):
    """Counts what has happened; only ever grows."""

    def add(self, *labels: str, by: float = 1) -> None:
        """Count ``by`` more under these label values, given in the order of ``labels``."""
        values = self.values
        if labels not in values:
            labels = self._known(labels)
        values[labels] = values.get(labels, 0) + by

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
        self.values[self._known(labels)] = value

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

    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._counts: dict[Labels, list[int]] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        counts = self._counts.get(labels)
        if counts is None:
            labels = self._known(labels)
            counts = self._counts.setdefault(labels, [0] * (len(self.buckets) + 1))
        counts[bisect_left(self.buckets, value)] += 1
        self.values[labels] = self.values.get(labels, 0.0) + value

    def families(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        bounds = [*(str(bound) for bound in self.buckets), "+Inf"]
        for labels, counts in self._counts.items():
            family.add_metric(labels, list(_cumulated(bounds, counts)), self.values[labels])
        yield family


def _cumulated(bounds: Iterable[str], counts: Iterable[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip(bounds, counts, strict=True):
        total += count
        yield bound, total
