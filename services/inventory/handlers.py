"""Sets pieces aside for orders, and puts them back."""

from contracts.inventory import ReserveStock, RestoreStock, StockReserved, StockRestored
from infra.datastore import Statements
from services.inventory.stock import books, seed
from services.participant import Participant, Refusal, Work

_SQL = Statements("services.inventory")
_TAKE = _SQL["take"]
_RESERVE = _SQL["reserve"]
_LAST_RESERVATION = _SQL["last_reservation"]
_CLOSE = _SQL["close"]
_PUT_BACK = _SQL["put_back"]

participant = Participant("inventory", package="services.inventory", seed=seed, books=books)


@participant.handles(ReserveStock)
def reserve(command: ReserveStock, work: Work) -> StockReserved:
    """Set pieces aside; refused when there are too few, or another saga did so for the order.

    It is refused also when those were put back: an order's id is used once. The saga itself may ask
    again in a new round, once its last was undone (DESIGN law 4).
    """
    order = {"tenant": work.tenant, "order_id": command.order_id}
    last = work.db.execute(_LAST_RESERVATION, order).fetchone()
    if last is not None and (last[4] != work.saga or last[3] is None):
        reason = f"pieces were set aside for order {command.order_id} before"
        raise Refusal("already_reserved", reason)
    wanted = {"tenant": work.tenant, "saga": work.saga, "at": work.now, **command.model_dump()}
    if work.db.execute(_TAKE, wanted).rowcount == 0:
        reason = f"product {command.product_id} is out of stock ({command.quantity} wanted)"
        raise Refusal("out_of_stock", reason)
    reservation_id = work.db.execute(_RESERVE, wanted).lastrowid
    return StockReserved(reservation_id=reservation_id or 0)


@participant.handles(RestoreStock)
def restore(command: RestoreStock, work: Work) -> StockRestored:
    """Put back what was set aside for the order, once; asked again it answers the same."""
    order = {"tenant": work.tenant, "order_id": command.order_id}
    last = work.db.execute(_LAST_RESERVATION, order).fetchone()
    if last is None:
        return StockRestored(quantity=0)
    reservation_id, product_id, quantity, restored_at, _ = last
    if restored_at is None:
        closed = {"tenant": work.tenant, "id": reservation_id, "at": work.now}
        work.db.execute(_CLOSE, closed)
        pieces = {"tenant": work.tenant, "product_id": product_id, "quantity": quantity}
        work.db.execute(_PUT_BACK, pieces)
    return StockRestored(quantity=quantity)
