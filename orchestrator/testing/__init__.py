"""given / expect: test a saga of your own on the real engine, without Kafka, services or waiting.

    (
        given(order_fulfillment)
        .start(PlaceOrder(order_id=1, user_id=2, product_id=3, quantity=1))
        .expect(QuoteProduct(product_id=3, quantity=1))
        .refuse("product", "product_not_found")
        .expect_failed(code="product_not_found", status=404)
    )

The test is the participants, the people, the sagas that this one begins, and the clock; what it
does not answer stays unanswered. An expectation
that does not hold raises AssertionError with the timeline of the saga.
"""

from orchestrator.testing.asked import Expected
from orchestrator.testing.scenario import Scenario, given

__all__ = ["Expected", "Scenario", "given"]
