"""Deciding on a page: it asks once more, is done once, and the saga's page says what came of it."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from orchestrator.admin import asking
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.ui.conftest import HTML
from tests.unit.admin.ui.reading import page, text

Client = httpx.AsyncClient
WHY = {"reason": "ordered twice", "by": "ann"}


async def status(backend: FakeBackend, saga: int) -> str:
    row = backend.reader.saga(saga)
    assert row is not None
    return row.status


async def outcome(browser: Client, sent: httpx.Response) -> str:
    """What the page says that a form leads to."""
    assert sent.status_code == 303, sent.text
    answer = await page(browser, sent.headers["location"])
    banner = re.search(r'<div class="banner.*?</div>', answer.text, re.DOTALL)
    assert banner
    return text(httpx.Response(200, text=banner[0]))


async def test_cancel(browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable):
    saga = await ordered(payment="")
    asked = text(await page(browser, f"/ui/sagas/{saga}/cancel"))
    assert "RestoreThings to inventory" in asked
    sent = await fill(f"/ui/sagas/{saga}/cancel", **WHY)
    assert await outcome(browser, sent) == "cancel was applied. It was said by ann."
    assert await status(backend, saga) == "compensating"
    assert "cancel by ann: ordered twice" in text(await page(browser, f"/ui/sagas/{saga}"))


async def test_a_form_that_is_sent_twice_is_one_request(
    browser: Client, backend: FakeBackend, ordered: Callable
):
    saga = await ordered(payment="")
    form = await page(browser, f"/ui/sagas/{saga}/cancel")
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    for _ in range(2):
        sent = await browser.post(f"/ui/sagas/{saga}/cancel", data=hidden | WHY, headers=HTML)
        assert "was applied" in await outcome(browser, sent)
    facts = [f for t in backend.reader.history(saga) for f in t.facts]
    assert (
        sum(type(fact).__name__ == "Signalled" and fact.signal == "cancel" for fact in facts) == 1
    )


async def test_a_refusal_is_shown(browser: Client, ordered: Callable, fill: Callable):
    saga = await ordered(ship="")
    assert "It will be refused" in text(await page(browser, f"/ui/sagas/{saga}/cancel"))
    said = await outcome(browser, await fill(f"/ui/sagas/{saga}/cancel", **WHY))
    assert said.startswith("cancel was refused: there is no way back any more")


async def test_what_a_child_decides(browser: Client, ordered: Callable, fill: Callable):
    saga = await ordered(prepare="")
    assert "The saga of shipping decides" in text(await page(browser, f"/ui/sagas/{saga}/cancel"))
    said = await outcome(browser, await fill(f"/ui/sagas/{saga}/cancel", **WHY))
    assert said == "cancel was applied. It was said by ann."


@pytest.mark.parametrize(("answer", "end"), [("approve", "completed"), ("reject", "failed")])
async def test_review(
    browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable, answer: str, end: str
):
    saga = await ordered(approved=None)
    path = f"/ui/sagas/{saga}/waits/review?answer={answer}"
    asked = await page(browser, path)
    assert f"{answer.title()} review?" in asked.text
    assert re.search(rf'value="{answer}"[^>]* checked', asked.text)
    said = await outcome(browser, await fill(path, answer=answer, **WHY))
    assert said == "review was applied. It was said by ann."
    assert await status(backend, saga) == end
    data = backend.reader.history(saga)[-1 if end == "failed" else 2].facts[0].data
    assert data == {"approved": answer == "approve"}


async def test_an_answer_that_comes_too_late(
    browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(payment="")
    said = await outcome(
        browser, await fill(f"/ui/sagas/{saga}/waits/review", answer="reject", **WHY)
    )
    assert said.startswith("review was refused: review has been decided already")
    assert await status(backend, saga) == "running"


async def test_data_is_changed(
    browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(payment="")
    path = f"/ui/sagas/{saga}/changes/update-address"
    now = backend.reader.state(saga)
    assert now is not None
    assert now.data["input"]["address"] in unescape((await page(browser, path)).text)
    said = await outcome(browser, await fill(path, **{"data.new_address": "2 New Road"}, **WHY))
    assert said == "update-address was applied. It was said by ann."
    changed = backend.reader.state(saga)
    assert changed is not None
    assert changed.changed == {"address": "2 New Road"}


async def test_what_the_contract_refuses_stands_beside_its_field(
    backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(payment="")
    path = f"/ui/sagas/{saga}/changes/update-address"
    empty = await fill(path, **{"data.new_address": ""}, **WHY)
    assert (empty.status_code, "new_address is needed" in empty.text) == (422, True)
    state = backend.reader.state(saga)
    assert state is not None
    assert not state.changed


async def test_a_change_that_the_saga_does_not_take(browser: Client, ordered: Callable):
    await page(browser, f"/ui/sagas/{await ordered(payment='')}/changes/review", 404)


@pytest.mark.parametrize("action", ["retry", "skip", "resume"])
async def test_repair(
    browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable, action: str
):
    saga = await ordered(payment="refused", undo_inventory="refused")
    assert await status(backend, saga) == "needs_operator"
    backend.answers.clear()
    said = await outcome(browser, await fill(f"/ui/sagas/{saga}/repair", action=action, **WHY))
    assert said == f"{action} was carried out. It was said by ann."
    assert await status(backend, saga) == "failed"
    assert backend.repairs[0][:5] == (saga, action, "ordered twice", "ann", "")


async def test_which_of_several_steps(
    browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(prepare="refused", undo_inventory="refused", undo_payment="refused")
    path = f"/ui/sagas/{saga}/repair"
    assert "payment: undo" in text(await page(browser, path))
    wrong = await fill(path, action="retry", step="*", **WHY)
    assert wrong.status_code == 422
    assert "retry goes for one step" in wrong.text
    backend.answers.clear()
    assert (await fill(path, action="retry", step="payment", **WHY)).status_code == 303
    state = backend.reader.state(saga)
    assert state is not None
    assert state.stuck == ["inventory"]


async def test_a_repair_where_nothing_stands_still(ordered: Callable, fill: Callable):
    saga = await ordered(payment="")
    sent = await fill(f"/ui/sagas/{saga}/repair", action="resume", **WHY)
    assert sent.status_code == 409
    assert "waits for no operator" in sent.text
    assert "ordered twice" in sent.text  # what was filled in is still there


async def test_what_is_not_decided_in_time_is_said(
    browser: Client, backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(payment="")
    backend.lost = True
    said = await outcome(browser, await fill(f"/ui/sagas/{saga}/cancel", **WHY))
    assert said.startswith("It is not decided yet.")


async def test_a_broker_that_is_away_is_said(
    backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(payment="")
    backend.down = True
    sent = await fill(f"/ui/sagas/{saga}/cancel", **WHY)
    assert sent.status_code == 503
    assert "no Kafka broker answers" in sent.text


async def test_kafka_that_does_not_take_it_is_said(
    backend: FakeBackend, ordered: Callable, fill: Callable, monkeypatch: pytest.MonkeyPatch
):
    saga = await ordered(payment="")
    monkeypatch.setattr(asking, "DECIDED_S", 0.01)

    async def never(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(backend, "signal", never)
    sent = await fill(f"/ui/sagas/{saga}/cancel", **WHY)
    assert sent.status_code == 503
    assert "Kafka has not taken the signal yet" in sent.text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reason": "", "by": "ann"}, "Why is needed"),
        ({"reason": "  ", "by": "ann"}, "Why is needed"),
        ({"reason": "x" * 1001, "by": "ann"}, "Why has at most 1000 characters, not 1001"),
        ({"reason": "x", "by": ""}, "Who says so is needed"),
        ({"reason": "x\x00", "by": "ann"}, "characters that cannot be written"),
        ({"reason": "x", "by": "ann\ud800".encode("utf-8", "replace").decode()}, ""),
    ],
)
async def test_a_form_that_is_wrong_says_where(
    backend: FakeBackend, ordered: Callable, fill: Callable, given: dict[str, str], says: str
):
    saga = await ordered(payment="")
    sent = await fill(f"/ui/sagas/{saga}/cancel", **given)
    if not says:
        assert sent.status_code == 303
        return
    assert sent.status_code == 422
    assert says in text(sent)
    assert 'aria-invalid="true"' in sent.text
    assert 'role="alert"' in sent.text
    assert await status(backend, saga) == "running"


async def test_an_answer_needs_an_answer(backend: FakeBackend, ordered: Callable, fill: Callable):
    saga = await ordered(approved=None)
    for given in ({}, {"answer": "perhaps"}):
        sent = await fill(f"/ui/sagas/{saga}/waits/review", **given, **WHY)
        assert sent.status_code == 422
        assert "choose one" in sent.text
    assert await status(backend, saga) == "running"


async def test_who_says_no_says_why_and_who_says_yes_need_not(
    backend: FakeBackend, ordered: Callable, fill: Callable
):
    saga = await ordered(approved=None)
    path = f"/ui/sagas/{saga}/waits/review"
    refused = await fill(path, answer="reject", reason="", by="ann")
    assert (refused.status_code, "Why is needed" in refused.text) == (422, True)
    assert await status(backend, saga) == "running"
    assert (await fill(path, answer="approve", reason="", by="ann")).status_code == 303
    assert await status(backend, saga) == "completed"


async def test_a_change_needs_no_reason(backend: FakeBackend, ordered: Callable, fill: Callable):
    saga = await ordered(payment="")
    given = {"data.new_address": "2 New Road", "reason": "", "by": "ann"}
    path = f"/ui/sagas/{saga}/changes/update-address"
    assert (await fill(path, **given)).status_code == 303
    changed = backend.reader.state(saga)
    assert changed is not None
    assert changed.changed == {"address": "2 New Road"}


async def test_no_form_without_the_token_of_its_session(
    browser: Client, backend: FakeBackend, ordered: Callable, csrf: str
):
    saga = await ordered(payment="", approved=True)
    for path in (
        f"sagas/{saga}/cancel",
        f"sagas/{saga}/repair",
        f"sagas/{saga}/waits/review",
        f"sagas/{saga}/changes/update-address",
        "dead-letters/1024/redrive",
        "logout",
    ):
        for token in ({}, {"csrf_token": ""}, {"csrf_token": csrf + "x"}):
            answer = await browser.post(f"/ui/{path}", data=WHY | token, headers=HTML)
            assert (path, answer.status_code) == (path, 403)
            assert "not one of this session" in text(answer)
        json = await browser.post(f"/ui/{path}", json=WHY | {"csrf_token": csrf}, headers=HTML)
        assert json.status_code == 403
    assert await status(backend, saga) == "running"


async def test_a_get_never_changes_anything(
    browser: Client, backend: FakeBackend, ordered: Callable
):
    saga = await ordered(approved=None)
    before = backend.reader.state(saga)
    for path in (
        "cancel",
        "repair",
        "waits/review?answer=reject",
        "waits/review?answer=<b>",
        "changes/update-address",
    ):
        await page(browser, f"/ui/sagas/{saga}/{path}")
    assert backend.reader.state(saga) == before
