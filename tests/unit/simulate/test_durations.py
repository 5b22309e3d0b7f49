"""Durations: each distribution is its quantile function."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.simulate.durations import (
    Constant,
    Duration,
    Empirical,
    Exponential,
    Lognormal,
    Uniform,
)

ALL = [
    Constant(250),
    Uniform(100, 300),
    Lognormal(50, 0.8),
    Exponential(200),
    Empirical((1.0, 2.0, 2.0, 900.0)),
]
UNIFORM = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("law", ALL, ids=lambda law: type(law).__name__)
@given(one=UNIFORM, other=UNIFORM)
def test_more_luck_takes_longer_and_nothing_takes_less_than_no_time(
    law: Duration, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert 0 <= law.at(low) <= law.at(high)


@pytest.mark.parametrize(
    ("law", "u", "ms"),
    [
        (Constant(250), 0.3, 250),
        (Uniform(100, 300), 0.0, 100),
        (Uniform(100, 300), 0.25, 150),
        (Lognormal(50, 0.8), 0.5, 50),
        (Lognormal(50, 1.0), 0.8413447, round(50 * exp(1.0))),  # one standard deviation up
        (Lognormal.of_p99(50, 400), 0.99, 400),
        (Exponential(200), 0.5, 139),  # ln 2
        (Empirical((1.0, 2.0, 2.0, 900.0)), 0.0, 1),
        (Empirical((1.0, 2.0, 2.0, 900.0)), 0.74, 2),
        (Empirical((1.0, 2.0, 2.0, 900.0)), 0.75, 900),
    ],
)
def test_known_quantiles(law: Duration, u: float, ms: int) -> None:
    assert law.at(u) == ms


@pytest.mark.parametrize("u", [0.0, 1 - 2.0**-53])
def test_the_ends_are_finite(u: float) -> None:
    assert all(0 <= law.at(u) < 1_000_000 for law in ALL)
