"""What a participant can be asked of its own bookkeeping."""

from pathlib import Path

from contracts.orders import OrderPlaced
from services.participant.effects import seen
from tests.unit.services.shop import Shop


async def test_an_event_is_seen_once_it_has_been_taken(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert not seen(shop.reader, "event-1")
    await shop.tell(OrderPlaced(order_id=1, user_id=1, product_id=3, quantity=2))
    assert seen(shop.reader, "event-1")
    shop.close()
