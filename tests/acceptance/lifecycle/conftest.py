"""Processes that lead orders through their lifecycle, on both kinds of broker."""

from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import Saga
from tests.acceptance.lifecycle.shop import PERSON, SLOW
from tests.acceptance.lifecycles import Orders, environment
from tests.brokers import unique_prefix

BROKERS = ["embedded", pytest.param("kafka", marks=pytest.mark.kafka)]


def running(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, settings: dict[str, str]
) -> Iterator[tuple[Saga, Orders]]:
    """One `saga up` for the tests of this file, and its API."""
    saga, where = Saga(factory.mktemp("lifecycle")), ()
    if request.param == "kafka":
        bootstrap: str = request.getfixturevalue("kafka_bootstrap")
        prefix = unique_prefix()
        where = ("--broker", bootstrap)
        settings |= {"KAFKA_TOPIC_PREFIX": prefix, "SAGA_GROUP": f"{prefix}orchestrator"}
    try:
        saga.up(*where, **settings)
        orders = Orders(saga)
        yield saga, orders
        orders.http.close()
    finally:
        saga.close()


@pytest.fixture(scope="module", params=BROKERS)
def slow(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Saga, Orders]]:
    """A process in which a call that hangs does so for some seconds."""
    yield from running(request, tmp_path_factory, environment(SLOW))


@pytest.fixture(scope="module", params=BROKERS)
def person(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Saga, Orders]]:
    """A process in which a person reviews, and that keeps a short deadline."""
    yield from running(request, tmp_path_factory, environment(PERSON))
