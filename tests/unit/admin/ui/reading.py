"""Pages as people read them."""

import re
from html import unescape

import httpx

from tests.unit.admin.ui.conftest import HTML

Client = httpx.AsyncClient


def text(answer: httpx.Response) -> str:
    """What a person reads: without markup, on one line."""
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


async def page(browser: Client, path: str, status: int = 200) -> httpx.Response:
    answer = await browser.get(path, headers=HTML)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer
