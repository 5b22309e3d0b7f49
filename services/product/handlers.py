"""Says what a product costs."""

from contracts.product import ProductQuoted, QuoteProduct
from infra.datastore import Statements
from services.participant import Participant, Refusal, Work
from services.product.catalogue import books, seed

_PRODUCT = Statements("services.product")["product"]

participant = Participant("product", package="services.product", seed=seed, books=books)


@participant.handles(QuoteProduct)
def quote(command: QuoteProduct, work: Work) -> ProductQuoted:
    """Name and price; refused when there is no such product."""
    key = {"tenant": work.tenant, "product_id": command.product_id}
    found = work.db.execute(_PRODUCT, key).fetchone()
    if found is None:
        raise Refusal("product_not_found", f"there is no product {command.product_id}")
    name, unit_price, currency = found
    return ProductQuoted(
        product_id=command.product_id,
        name=name,
        unit_price=unit_price,
        amount=unit_price * command.quantity,
        currency=currency,
    )
