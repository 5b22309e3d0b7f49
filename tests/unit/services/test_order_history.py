"""The history of an order: in order of time, a page at a time."""

from typing import Any

from tests.unit.services.orders_led import REFERENCE, SAGA, begin, failed, moved
from tests.unit.services.shop import Shop


async def history(shop: Shop, query: str = "") -> Any:
    async with shop.client() as client:
        return (await client.get(f"/orders/{REFERENCE}/history{query}")).json()


async def test_of_one_moment_the_end_is_the_last_line_whatever_is_heard_of_first(
    shop: Shop,
) -> None:
    async with shop.client() as client:
        await begin(shop, client)
    at = "2033-11-14T22:14:00.123+00:00"
    for fact in (failed("no_answer"), moved("receive", "undone", "undo")):
        await shop.tell(fact, REFERENCE, saga=str(SAGA), time=at)
    pages, page = list[Any](), await history(shop, "?limit=1")
    while page["next"]:
        pages += page["items"]
        page = await history(shop, f"?{page['next'].partition('?')[2]}")
    pages += page["items"]
    assert pages == (await history(shop))["items"]
    kinds = [(one["type"], one["data"].get("phase") or one["data"].get("to")) for one in pages]
    assert kinds.index(("step", "undone")) < kinds.index(("status", "failed")) == len(kinds) - 1
