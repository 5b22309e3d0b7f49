"""The list of sagas: filter, search, the stalest first."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from orchestrator.runtime.health import Health
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.ui.conftest import HOSTILE
from tests.unit.admin.ui.reading import page, text

Client = httpx.AsyncClient


async def test_the_list_says_how_each_saga_stands_and_what_it_waits_for(
    browser: Client, ordered: Callable
):
    saga = await ordered(payment="")
    ended = await ordered("order-2", payment="refused")
    said = text(await page(browser, "/ui"))
    assert f"order {saga} running order-1" in said
    assert "payment waits for an answer" in said
    assert f"order {ended} failed order-2" in said
    assert "payment: there is none" in said
    assert said.index(f"order {saga}") < said.index(f"order {ended}")
    newest = text(await page(browser, "/ui?order=newest"))
    assert newest.index(f"order {ended}") < newest.index(f"order {saga}")
    stalest = text(await page(browser, "/ui?order=stalest"))
    assert f"order {saga}" in stalest
    assert f"order {ended}" not in stalest


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("find=order-", {"order-1", "order-2"}),
        ("find=order-2", {"order-2"}),
        ("find=ORDER-2", set()),
        ("find=%25", set()),
        ("state=failed", {"order-2"}),
        ("definition=shipping", set()),
        ("definition=order&state=running&find=order", {"order-1"}),
        ("find=order&order=stalest", {"order-1"}),
    ],
)
async def test_filter_and_search(browser: Client, ordered: Callable, query: str, shown: set):
    await ordered("order-1", payment="")
    await ordered("order-2", payment="refused")
    answer = await page(browser, f"/ui?{query}")
    keys = set(re.findall(r"<td role=\"cell\"><code>([^<]*)</code>", answer.text))
    assert keys == shown
    if not shown:
        assert "No saga is like that" in answer.text


async def test_a_saga_is_found_by_its_id(browser: Client, ordered: Callable):
    saga = await ordered(payment="")
    assert f"/ui/sagas/{saga}" in (await page(browser, f"/ui?find={saga}")).text
    assert "No saga is like that" in (await page(browser, "/ui?find=77")).text


async def test_pages_of_the_list_follow_each_other(browser: Client, backend: FakeBackend):
    backend.answers["pack"] = ""
    for number in range(27):
        await backend.start("work", f"k-{number:02}", {"order": number}, 1)
    stalest = await page(browser, "/ui")
    all_ = re.search(r'href="(/ui\?order=newest)">All', stalest.text)
    assert all_
    first = await page(browser, all_[1])
    following = re.search(r'href="(/ui\?order=newest&amp;after=\d+)">Older', first.text)
    assert following
    second = await page(browser, unescape(following[1]))
    assert "k-00" in second.text
    assert "k-26" not in second.text
    assert "Older" not in second.text


@pytest.mark.parametrize(
    "query", ["state=xx", "after=-1", "after=x", "order=oldest", "find=" + "x" * 201]
)
async def test_odd_queries_are_a_page_that_says_so(browser: Client, query: str):
    answer = await page(browser, f"/ui?{query}", 422)
    assert "invalid_input" in answer.text


async def test_a_list_of_nothing_says_so(browser: Client):
    assert "There are no sagas yet" in (await page(browser, "/ui")).text


async def test_a_process_that_makes_no_progress_says_so(browser: Client, backend: FakeBackend):
    backend.state_of_health = Health(False, [HOSTILE], [])
    answer = await page(browser, "/ui")
    assert "This process makes no progress" in answer.text
    assert "<script>alert" not in answer.text
