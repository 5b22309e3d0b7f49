"""The page of one saga: what it shows, to whom, and that no text is ever markup."""

import re
from collections.abc import Callable

import httpx
import pytest

from infra.http.guards import Guard, Principal
from infra.http.sessions import Sessions
from orchestrator.engine.inputs import Signal
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.conftest import TOKEN
from tests.unit.admin.ui.conftest import HOSTILE, HTML
from tests.unit.admin.ui.reading import page, text

Client = httpx.AsyncClient


async def test_one_saga_in_its_three_panes(browser: Client, ordered: Callable):
    saga = await ordered(payment="")
    said = text(await page(browser, f"/ui/sagas/{saga}"))
    assert "review by ann (approved yes)" in said
    assert "payment waits for payment to answer ChargeCard, attempt 1 of 3" in said
    assert "Then shipping, ship" in said
    assert "If it were cancelled now: First what is in flight settles: payment" in said
    assert "RestoreThings to inventory, undoes inventory" in said


async def test_while_a_person_is_waited_for_it_tells_the_time_that_is_left(
    browser: Client, backend: FakeBackend, ordered: Callable
):
    """However long that takes: the deadline comes no nearer meanwhile, and none has passed."""
    saga = await ordered(approved=None)
    backend.clock.advance(3_600_000)
    said = text(await page(browser, f"/ui/sagas/{saga}"))
    assert "in 15 min, counted from when no person is waited for any more" in said
    facts = (await browser.get(f"/sagas/{saga}")).json()
    left = facts["deadline"] - facts["deadline_stands_still_since"]
    assert 890_000 < left < 900_000, "what was quoted before took its time"


async def test_parent_and_child_lead_to_each_other(
    browser: Client, backend: FakeBackend, ordered: Callable
):
    saga = await ordered(prepare="")
    row = backend.reader.by_key(1, "shipping", f"1/{saga}/shipping/do/1")
    assert row is not None
    assert f'href="/ui/sagas/{row.id}"' in (await page(browser, f"/ui/sagas/{saga}")).text
    child = await page(browser, f"/ui/sagas/{row.id}")
    assert f'href="/ui/sagas/{saga}"' in child.text
    assert "its step shipping" in child.text


async def test_a_saga_whose_child_stands_still_says_so(
    browser: Client, backend: FakeBackend, ordered: Callable, client: Client
):
    saga = await ordered(dispatch="refused", undo_prepare="refused")
    (row,) = [row for row in backend.reader.list(1) if row.definition == "shipping"]
    assert row.status == "needs_operator"
    why = f"waits for an operator in its saga shipping {row.id}"
    assert why in text(await page(browser, f"/ui/sagas/{saga}"))
    assert "shipping waits for an operator in its saga" in text(await page(browser, "/ui"))
    (waiting,) = (await client.get(f"/sagas/{saga}")).json()["waiting"]
    assert (waiting["kind"], waiting["text"]) == ("child_stuck", why)


async def test_what_goes_through_the_parent_is_not_told_the_child(
    browser: Client, client: Client, backend: FakeBackend, ordered: Callable
):
    """Else the child would have it, and neither its parent nor the parent's history."""
    saga = await ordered(prepare="")
    row = backend.reader.by_key(1, "shipping", f"1/{saga}/shipping/do/1")
    assert row is not None
    child = await page(browser, f"/ui/sagas/{row.id}")
    assert f"It does a step of saga {saga} : to cancel or change it, tell that one" in text(child)
    assert 'class="button' not in child.text
    address = {"signal": "update-address", "data": {"new_address": "Kai 2"}}
    for path, body in (("cancel", {"reason": "x"}), ("signals", address)):
        refused = await client.post(f"/sagas/{row.id}/{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "tell_the_parent"), path
        assert refused.json()["parent"] == saga
    cancelled = await client.post(f"/sagas/{saga}/cancel", json={"reason": "x"})
    assert cancelled.status_code == 202, "its parent hands it on"


async def test_a_saga_that_ended_says_what_was_undone(browser: Client, ordered: Callable):
    done = text(await page(browser, f"/ui/sagas/{await ordered()}"))
    assert "Nothing: it has ended, and what it did stands." in done
    failed = text(await page(browser, f"/ui/sagas/{await ordered('o-2', prepare='refused')}"))
    assert "It was undone, in this order: inventory, payment." in failed
    rejected = text(await page(browser, f"/ui/sagas/{await ordered('o-3', approved=False)}"))
    assert "Nothing: nothing was done." in rejected


async def test_buttons_are_those_that_can_do_something(browser: Client, ordered: Callable):
    async def buttons(saga: int) -> list[str]:
        answer = await page(browser, f"/ui/sagas/{saga}")
        return re.findall(r'<a class="button [^"]*" href="[^"]*">([^<]*)</a>', answer.text)

    waits = await ordered("o-1", approved=None)
    assert await buttons(waits) == [
        "Approve review…",
        "Reject review…",
        "Change address…",
        "Cancel…",
    ]
    assert await buttons(await ordered("o-2", prepare="")) == ["Change address…", "Cancel…"]
    assert await buttons(await ordered("o-3", ship="")) == []
    assert await buttons(await ordered("o-6", dispatch="")) == [], "its child has no way back"
    assert await buttons(await ordered("o-4")) == []
    stuck = await ordered("o-5", payment="refused", undo_inventory="refused")
    assert await buttons(stuck) == ["Repair…"]


async def test_buttons_of_what_one_may_not_do_are_not_there(
    make_app, client_of, clock, ordered: Callable
):
    saga = await ordered(approved=None)
    only = Guard(TOKEN, Principal("ann", 1, frozenset({"sagas:read"})), Sessions(clock))
    answer = await client_of(make_app(only)).get(f"/ui/sagas/{saga}", headers=HTML)
    assert answer.status_code == 200
    for path in ("cancel", "repair", "waits/", "changes/"):
        assert f"/ui/sagas/{saga}/{path}" not in answer.text


async def test_nothing_crosses_an_account(other: Client, ordered: Callable, backend: FakeBackend):
    saga = await ordered(payment="", inventory="")
    for path in ("", "/events", "/cancel", "/repair", "/waits/review"):
        answer = await other.get(f"/ui/sagas/{saga}{path}", headers=HTML)
        assert (path, answer.status_code) == (path, 404)
    form = {"reason": "x", "by": "y", "action": "resume", "answer": "approve"}
    for path in ("/cancel", "/repair", "/waits/review"):
        answer = await other.post(f"/ui/sagas/{saga}{path}", data=form, headers=HTML)
        assert (path, answer.status_code) == (path, 404)
    for query in ("", "?find=order", f"?find={saga}", "?order=stalest"):
        assert "order-1" not in (await other.get(f"/ui{query}", headers=HTML)).text
    assert (await other.get("/ui/dead-letters/1024", headers=HTML)).status_code == 404
    state = backend.reader.state(saga)
    assert state is not None
    assert state.status == "running"


async def test_hostile_texts_are_shown_and_never_obeyed(
    browser: Client, backend: FakeBackend, ordered: Callable
):
    backend.reason = HOSTILE
    saga = await ordered(HOSTILE, payment="refused", undo_inventory="")
    name = f"{HOSTILE}-signal"
    await backend.take(saga, Signal(HOSTILE, backend.clock.now_ms(), name, HOSTILE, HOSTILE))
    paths = [f"/ui/sagas/{saga}", "/ui", f"/ui/sagas/{saga}?asked={HOSTILE}", f"/ui?find={HOSTILE}"]
    for path in [*paths, f"/ui/sagas/{saga}/cancel", "/ui/dead-letters?all=1"]:
        answer = await page(browser, path)
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
    answer = await page(browser, f"/ui/sagas/{saga}")
    assert text(answer).count("onerror=alert(2)") > 3
    assert "&lt;script&gt;alert(1)" in answer.text


async def test_a_definition_that_is_gone_leaves_the_rest_of_the_page(
    browser: Client, backend: FakeBackend, ordered: Callable, monkeypatch: pytest.MonkeyPatch
):
    saga = await ordered(payment="")
    monkeypatch.setattr(backend.catalogue, "by_version", lambda _: None)
    monkeypatch.setattr(backend.reader, "definition", lambda _: None)
    said = text(await page(browser, f"/ui/sagas/{saga}"))
    assert "is not known here any more" in said
    assert "That cannot be said without its definition" in said


async def test_odd_addresses_are_pages_that_say_so(browser: Client):
    for path, status in (
        ("/ui/sagas/77", 404),
        ("/ui/sagas/abc", 422),
        ("/ui/sagas/1024/waits/review", 404),
        ("/ui/definitions/nothing", 404),
        ("/ui/definitions/order?version=nothing", 404),
        ("/ui/dead-letters/77", 404),
        ("/ui/nothing", 404),
    ):
        answer = await page(browser, path, status)
        assert "All sagas" in answer.text
    answer = await browser.put(
        "/ui", headers=HTML | {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 405


async def test_a_saga_that_was_cancelled_did_not_fail(
    browser: Client, ordered: Callable, fill: Callable
):
    saga = await ordered(approved=None)
    await fill(f"/ui/sagas/{saga}/cancel", reason="ordered twice", by="ann")
    assert f"order {saga} cancelled cancel" in text(await page(browser, f"/ui/sagas/{saga}"))
    assert f"order {saga} cancelled order-1" in text(await page(browser, "/ui"))
