"""The walk of the order lifecycle on the page of a running process: reviewed both ways, cancelled
and moved in each state, past its deadline, with calls that hang or raise.
"""

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.acceptance.browser.reader import Reader
from tests.acceptance.conftest import Saga
from tests.acceptance.lifecycle.conftest import BROKERS, running
from tests.acceptance.lifecycle.shop import packages, payments
from tests.acceptance.lifecycles import BASEL, LEIPZIG, Orders, environment, reference, standing

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Long enough to act on a page meanwhile on a machine that is busy; the deadline is outlasted by the
# calls of a step that hang three times.
HANGS_S = 12
DEADLINE_S = 25
STEPS = {name: {"timeout": HANGS_S} for name in ("receive", "validate", "payment", "ship")}
TIMES = {
    "order-lifecycle": {"deadline": DEADLINE_S, "steps": STEPS | {"review": {"person": True}}},
    "shipping": {"steps": {name: {"timeout": HANGS_S} for name in ("prepare", "dispatch")}},
}
BEFORE = ("receive", "validate", "review", "payment", "prepare")
REVIEWED = ("payment", "prepare", "dispatch")


class Walk:
    """An operator at the page of a process, and its API where the page has no part."""

    def __init__(self, saga: Saga, orders: Orders, reader: Reader) -> None:
        self.saga, self.orders, self.reader = saga, orders, reader

    def begin(self, order: str) -> str:
        """A new order, and its page."""
        self.orders.start(order, initial_address=LEIPZIG)
        self.look(order)
        return order

    def look(self, order: str) -> None:
        """The page of an order's saga, as the list leads to it."""
        saga = self.orders.look(order)["workflow_id"]
        self.reader.go(f"/ui?find={order}")
        self.reader.follow(f"order-lifecycle {saga}")
        self.reader.until("Live")

    def at(self, state: str) -> str:
        """A new order that stands still in that state, and its page."""
        order = self.begin(standing(state))
        if state in REVIEWED:
            self.approve(order)
        self.orders.stands(order, state)
        return order

    def approve(self, order: str) -> None:
        """By the API: that the page can is shown once."""
        self.orders.stands(order, "review")
        told = self.orders.tell(order, "review", {"approved": True, "reviewed_by": "bob"})
        assert told.status_code == 202, told.text

    def says(self, button: str, verb: str, **fields: str) -> None:
        """Decide something with a form."""
        self.reader.until(button)
        self.reader.follow(button)
        self.reader.fill(**fields)
        self.reader.follow(verb)

    def offers(self) -> list[str]:
        """The buttons of the page."""
        return [one.text for one in self.reader.chromium.find_elements(By.CSS_SELECTOR, "a.button")]


@pytest.fixture(scope="module", params=BROKERS)
def process(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Saga, Orders]]:
    """A process in which a person reviews, and a call that hangs does so for a while."""
    yield from running(request, tmp_path_factory, environment(TIMES))


@pytest.fixture
def walk(process: tuple[Saga, Orders], chromium: webdriver.Chrome) -> Iterator[Walk]:
    """Somebody who has opened the link that `saga login` prints."""
    saga, orders = process
    reader = Reader(chromium, saga.url())
    reader.begin()
    reader.go(saga.json("login")["url"].removeprefix(saga.url()))
    try:
        yield Walk(saga, orders, reader)
    finally:
        reader.leave()


def test_reviewed_both_ways_and_past_the_deadline(walk: Walk) -> None:
    late = walk.begin(reference("payment", times=3))
    walk.says("Approve review…", "Approve it", reason="looks fine", by="bob")
    walk.reader.until("review was applied")
    rejected = walk.begin(reference())
    walk.says("Reject review…", "Reject it", reason="fraud", by="bob")
    walk.reader.until("rejected by bob: fraud")
    assert walk.orders.end(rejected)["error"]["code"] == "rejected"
    walk.look(late)
    walk.reader.until("deadline exceeded")  # while it is looked at
    assert walk.orders.end(late)["error"]["code"] == "deadline_exceeded"
    assert (payments(walk.saga, late), packages(walk.saga, late)) == ([], [])


def test_cancelled_in_each_state_before_the_pivot(walk: Walk) -> None:
    orders: dict[str, str] = {}
    for state in BEFORE:
        orders[state] = walk.at(state)
        walk.says("Cancel…", "Cancel the saga", reason="ordered twice", by="ann")
    for state, order in orders.items():
        ended = walk.orders.end(order)
        assert (ended["status"], ended["state"]) == ("cancelled", "cancelled"), state
        walk.look(order)
        assert "cancelled by ann: ordered twice" in walk.reader.text
        assert payments(walk.saga, order) in (["refunded"], []), state
        assert packages(walk.saga, order) in (["unprepared"], []), state
    assert payments(walk.saga, orders["prepare"]) == ["refunded"]


def test_a_new_address_in_each_state_until_it_is_prepared(walk: Walk) -> None:
    orders: dict[str, str] = {}
    basel = {f"data.new_address.{name}": text for name, text in BASEL.items()}
    for state in BEFORE:
        orders[state] = walk.at(state)
        walk.says("Change address…", "Send update-address", reason="moved", by="ann", **basel)
    for state, order in orders.items():
        if state not in REVIEWED:
            walk.approve(order)
    for state, order in orders.items():
        ended = walk.orders.end(order)
        assert ended["status"] == "completed", (state, ended)
        assert ended["result"]["shipped_to"] == "Rheingasse 7, 4058 Basel, CHE", state
        assert packages(walk.saga, order) == ["dispatched"]


def test_a_call_that_hangs_past_the_pivot_is_made_again_and_there_is_no_way_back(
    walk: Walk,
) -> None:
    order = walk.at("dispatch")
    walk.look(order)
    assert walk.offers() == []
    ended = walk.orders.end(order)
    assert (ended["status"], packages(walk.saga, order)) == ("completed", ["dispatched"])
    walk.reader.until("everything was done")


def test_a_form_that_is_sent_when_there_is_no_way_back_any_more_is_refused(walk: Walk) -> None:
    order = walk.begin(reference("prepare", "dispatch"))
    walk.approve(order)
    walk.orders.stands(order, "prepare")
    walk.reader.until("Cancel…")
    walk.reader.follow("Cancel…")
    walk.orders.stands(order, "dispatch")
    walk.reader.fill(reason="ordered twice", by="ann")
    walk.reader.follow("Cancel the saga")
    walk.reader.until("no way back")
    assert walk.orders.end(order)["status"] == "completed"
    assert (payments(walk.saga, order), packages(walk.saga, order)) == (["charged"], ["dispatched"])


def test_a_call_that_raises_is_shown_and_made_again(walk: Walk) -> None:
    order = walk.begin(reference("payment", comes="raises"))
    walk.approve(order)
    assert walk.orders.end(order)["status"] == "completed"
    walk.look(order)
    walk.reader.until("attempt 2")
    assert "failed" in walk.reader.text
    assert payments(walk.saga, order) == ["charged"]
