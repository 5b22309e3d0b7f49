"""Says what products cost."""

from contracts.product import ItemPrice, ItemsQuoted, ProductQuoted, QuoteItems, QuoteProduct
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


@participant.handles(QuoteItems)
def quote_items(command: QuoteItems, work: Work) -> ItemsQuoted:
    """The prices of those products that there are; whether that is enough, orders decides."""
    wanted = dict.fromkeys(item.product_id for item in command.items)
    keys = [{"tenant": work.tenant, "product_id": product_id} for product_id in wanted]
    found = [(key["product_id"], work.db.execute(_PRODUCT, key).fetchone()) for key in keys]
    prices = [
        ItemPrice(product_id=product_id, name=row[0], unit_price=row[1], currency=row[2])
        for product_id, row in found
        if row is not None
    ]
    return ItemsQuoted(prices=prices)
