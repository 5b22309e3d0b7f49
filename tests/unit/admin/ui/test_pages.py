"""The pages: what each shows, to whom, and that nothing a user wrote is ever markup."""

import re
from collections.abc import Callable

import httpx
import pytest

from infra.http.guards import Guard, Principal, stated_permissions
from infra.http.login import login_path
from infra.http.sessions import Sessions
from orchestrator.admin.ui.pages import ASSETS, ago, brief
from tests.unit.admin.conftest import TOKEN
from tests.unit.admin.test_application import api
from tests.unit.admin.ui.conftest import HTML
from tests.unit.admin.ui.reading import page, text

Client = httpx.AsyncClient
PAGES = ["/ui", "/ui?order=stalest", "/ui/definitions", "/ui/definitions/order", "/ui/dead-letters"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_strict_and_needs_no_network(browser: Client, path: str):
    answer = await page(browser, path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"(src|href|action)=\"(https?:)?//", answer.text)
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", answer.text)
    assert '<html lang="en">' in answer.text
    assert answer.text.count("<h1") == 1
    for landmark in ("<main", "<nav", "<header"):
        assert landmark in answer.text


async def test_the_files_of_a_page_are_served_and_no_others(stranger: Client):
    for name, (kind, _) in ASSETS.items():
        answer = await stranger.get(f"/ui/assets/{name}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, kind)
    assert (await stranger.get("/ui/assets/..%2fpages.py")).status_code == 401
    assert (await stranger.get("/ui/assets/routes.py")).status_code == 404


async def test_a_stranger_is_told_how_to_log_in(stranger: Client):
    for path in ("/ui", "/ui/sagas/1024", "/ui/nothing", "/"):
        answer = await page(stranger, path, 401)
        assert "saga up" in answer.text
        assert "Log out" not in answer.text
    program = await stranger.get("/ui")
    assert program.headers["content-type"] == "application/problem+json"


async def test_a_spent_login_link_is_told(stranger: Client, guard: Guard):
    link = login_path(guard)
    first = await page(stranger, link)
    assert 'url=/ui"' in first.text
    stranger.cookies.clear()
    assert "used already" in text(await page(stranger, link, 401))


async def test_the_root_leads_to_the_sagas(browser: Client):
    answer = await browser.get("/", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui")


async def test_every_page_states_a_permission_and_asks_for_it(app, make_app, client_of, clock):
    routes = {
        route: needed
        for route, needed in stated_permissions(api(app))
        if " /ui" in route and needed != ["open"]
    }
    assert len(routes) >= 17
    nobody = Guard(TOKEN, Principal("nobody", 1, frozenset()), Sessions(clock))
    caller = client_of(make_app(nobody))
    for route, needed in routes.items():
        assert len(needed) == 1, route
        method, path = route.split(" ")
        filled = re.sub(r"\{(saga|letter)\}", "1024", path)
        filled = filled.replace("{step}", "review").replace("{name}", "order")
        answer = await caller.request(method, filled, headers=HTML)
        assert (route, answer.status_code) == (route, 403)
        assert needed[0] in answer.text


async def test_a_definition_with_its_table(browser: Client):
    said = text(await page(browser, "/ui/definitions/order"))
    assert "failed, 409" in said
    assert "refund payment, restore inventory" in said
    assert "update-address replaces address" in said
    assert "which a start uses" in said
    assert text(await page(browser, "/ui/definitions")).count("a start uses") == 3


async def test_what_a_check_found_stands_beside_the_table(browser: Client):
    said = text(await page(browser, "/ui/definitions/work"))
    assert "Check: holds" in said
    assert "situations explored" in said


async def test_dead_letters(browser: Client, fill: Callable):
    said = text(await page(browser, "/ui/dead-letters"))
    assert "letter 2048" in said
    assert "letter 3072" not in said  # another tenant's
    assert "as Base64" in text(await page(browser, "/ui/dead-letters/2048"))
    assert "It has none." in text(await page(browser, "/ui/dead-letters/4096"))
    sent = await fill("/ui/dead-letters/1024/redrive")
    assert (sent.status_code, sent.headers["location"]) == (303, "/ui/dead-letters/1024?sent=1")
    said = text(await page(browser, sent.headers["location"]))
    assert "It was sent again." in said
    assert "by operator" in said
    assert "letter 1024" not in text(await page(browser, "/ui/dead-letters"))
    assert "letter 1024" in text(await page(browser, "/ui/dead-letters?all=1"))


async def test_a_letter_is_sent_once_unless_said(fill: Callable):
    await fill("/ui/dead-letters/1024/redrive")
    again = await fill("/ui/dead-letters/1024/redrive")
    assert again.status_code == 409
    assert "Nothing was sent" in again.text
    assert (await fill("/ui/dead-letters/1024/redrive", again="yes")).status_code == 303


async def test_logging_out(browser: Client, csrf: str):
    answer = await browser.post("/ui/logout", data={"csrf_token": csrf}, headers=HTML)
    assert answer.status_code == 200
    assert "Logged out" in answer.text
    assert (await browser.get("/ui", headers=HTML)).status_code == 401


def test_times_in_words():
    for at, said in (
        (0, "0 s ago"),
        (-59_400, "59 s ago"),
        (61_000, "in 1 min"),
        (-7_200_000, "2 h ago"),
    ):
        assert ago(at, 0) == said
    assert ago(3 * 86_400_000, 0) == "in 3 d"
    assert brief("waits for x to answer Y, attempt 1, since z") == "waits for x to answer Y"
