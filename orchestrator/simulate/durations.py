"""How long something takes: distributions, each as its quantile function.

A draw is ``at(u)`` for a uniform ``u`` from 0 up to 1: a larger ``u`` takes longer, so that the
same ``u`` compares like with like (inversion: Devroye, Non-Uniform Random Variate Generation, 1986,
II.2). Times are milliseconds, of which the engine knows only whole ones.
"""

from math import exp, log, log1p
from statistics import NormalDist
from typing import Final

import msgspec

_NORMAL: Final = NormalDist()
_FIRST, _LAST = 2.0**-54, 1 - 2.0**-53
P99: Final = _NORMAL.inv_cdf(0.99)
"""How many standard deviations above its median a normal distribution has its 99th percentile."""


class _Law(msgspec.Struct, frozen=True):
    """Base of all distributions."""


class Constant(_Law, frozen=True, tag="constant"):
    """Always the same."""

    ms: float

    def at(self, _u: float) -> int:
        """The quantile, in milliseconds."""
        return round(self.ms)


class Uniform(_Law, frozen=True, tag="uniform"):
    """Anything between two times is equally likely."""

    low_ms: float
    high_ms: float

    def at(self, u: float) -> int:
        """The quantile, in milliseconds."""
        return round(self.low_ms + (self.high_ms - self.low_ms) * u)


class Lognormal(_Law, frozen=True, tag="lognormal"):
    """Mostly short, now and then long: ``sigma`` is the standard deviation of the logarithm."""

    median_ms: float
    sigma: float

    def at(self, u: float) -> int:
        """The quantile, in milliseconds."""
        z = _NORMAL.inv_cdf(min(max(u, _FIRST), _LAST))
        return round(self.median_ms * exp(self.sigma * z))

    @classmethod
    def of_p99(cls, median_ms: float, p99_ms: float) -> "Lognormal":
        """The one with this median and this 99th percentile."""
        return cls(median_ms, log(p99_ms / median_ms) / P99)


class Exponential(_Law, frozen=True, tag="exponential"):
    """What is waited for comes at any moment with the same chance."""

    mean_ms: float

    def at(self, u: float) -> int:
        """The quantile, in milliseconds."""
        return round(-self.mean_ms * log1p(-min(u, _LAST)))


class Empirical(_Law, frozen=True, tag="empirical"):
    """One of the times that were measured, all with the same chance; in ascending order."""

    ms: tuple[float, ...]

    def at(self, u: float) -> int:
        """The quantile, in milliseconds."""
        return round(self.ms[int(u * len(self.ms))])


Duration = Constant | Uniform | Lognormal | Exponential | Empirical
