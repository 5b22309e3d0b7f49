"""Every saga of ours holds, whatever happens to it: `saga check`, in CI."""

import pytest

from orchestrator.definition import Saga
from orchestrator.verify.explore import explore
from orchestrator.verify.result import agreement, result
from sagas.order_cancellation import order_cancellation
from sagas.order_fulfillment import order_fulfillment
from sagas.order_lifecycle import order_lifecycle
from sagas.shipping import shipping

OURS = [order_fulfillment, order_cancellation, order_lifecycle, shipping]


@pytest.mark.parametrize("saga", OURS, ids=lambda s: s.name)
def test_it_holds_with_two_adversities_on_a_path(saga: Saga) -> None:
    found = result(explore(saga.definition))
    assert found.violation is None
    assert found.exhausted
    assert found.depth == 2
    assert found.reached == found.rows
    assert "every reachable end is a row" in agreement(found)
