"""The kinds of metrics: counter, gauge and histogram, dicts that Prometheus reads when it asks.

Counting happens on the event loop, thousands of times a second, so a count here is one dict update.
A scrape happens there too and holds everybody up, so the lines are written here: by the client
library 600 of them took 65 ms of a processor, which an answer with a target of 10 ms has not got.
Not for use from several threads.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Final, Literal

Labels = tuple[str, ...]

MOST: Final = 2_000
"""Label values that one metric may have. Some are what strangers send (the name of a signal, the
code of a refusal), and every new one is memory here and in Prometheus for good."""
OTHER: Final = "other"
"""The value of every label beyond that."""
_ESCAPED: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass
class _Described:
    """A metric's name, help and labels."""

    kind: ClassVar[Literal["counter", "gauge", "histogram"]]
    name: str
    help: str
    labels: Labels = ()

    def __post_init__(self) -> None:
        self.values: dict[Labels, float] = {}

    def lines(self) -> Iterator[str]:
        """What Prometheus reads of it (the text format, version 0.0.4)."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        yield from self._samples()

    def _samples(self) -> Iterator[str]:
        for labels, value in self.values.items():
            yield f"{self.name}{self._braces(labels)} {float(value)!r}"

    def _braces(self, labels: Labels, more: str = "") -> str:
        """The labels of a sample in the order of their names, as the library writes them."""
        pairs = [
            f'{name}="{value.translate(_ESCAPED)}"'
            for name, value in sorted(zip(self.labels, labels, strict=True))
        ]
        inside = ",".join([*pairs, more] if more else pairs)
        return f"{{{inside}}}" if inside else ""

    def _known(self, labels: Labels) -> Labels:
        """These label values, or ``OTHER`` where there are too many already."""
        if labels in self.values or len(self.values) < MOST:
            return labels
        return (OTHER,) * len(self.labels)


class Counter(_Described):
    """Counts what has happened; only ever grows."""

    kind = "counter"

    def add(self, *labels: str, by: float = 1) -> None:
        """Count ``by`` more under these label values, given in the order of ``labels``."""
        values = self.values
        if labels not in values:
            labels = self._known(labels)
        values[labels] = values.get(labels, 0) + by

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Take over what somebody else has counted, in full."""
        self.values = dict(values)


class Gauge(_Described):
    """How things stand now."""

    kind = "gauge"

    def set(self, value: float, *labels: str) -> None:
        """Set the value under these label values."""
        self.values[self._known(labels)] = value

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Set all values at once; label values that are not named are gone."""
        self.values = dict(values)


@dataclass
class Histogram(_Described):
    """How often a value fell below each bound of ``buckets``."""

    kind = "histogram"
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._counts: dict[Labels, list[int]] = {}
        self._bounds = [f'le="{bound}"' for bound in (*self.buckets, "+Inf")]

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        counts = self._counts.get(labels)
        if counts is None:
            labels = self._known(labels)
            counts = self._counts.setdefault(labels, [0] * (len(self.buckets) + 1))
        counts[bisect_left(self.buckets, value)] += 1
        self.values[labels] = self.values.get(labels, 0.0) + value

    def _samples(self) -> Iterator[str]:
        for labels, counts in self._counts.items():
            braces, total = self._braces(labels), 0
            begin = f"{self.name}_bucket{braces[:-1]}," if braces else f"{self.name}_bucket{{"
            for bound, total in zip(self._bounds, accumulate(counts), strict=True):
                yield f"{begin}{bound}}} {float(total)!r}"
            yield f"{self.name}_count{braces} {float(total)!r}"
            yield f"{self.name}_sum{braces} {float(self.values[labels])!r}"


def written(metrics: Iterable[Counter | Gauge | Histogram]) -> bytes:
    """All of them, as Prometheus reads them."""
    lines = [line for metric in metrics for line in metric.lines()]
    return ("\n".join(lines) + "\n").encode()
