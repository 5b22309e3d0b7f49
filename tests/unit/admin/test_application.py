"""The application as a whole: what is open, health, metrics, and nothing is a 500."""

import json
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.http.errors import UnguardedRoute
from infra.http.guards import Guard, stated_permissions
from infra.http.sessions import COOKIE
from orchestrator.admin.application import AdminApplication, admin_app
from orchestrator.admin.metrics import metrics_app
from orchestrator.definition.catalogue import Catalogue
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.letters import FakeLetters
from tests.unit.admin.work import work

Client = httpx.AsyncClient
OPEN = {
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "HEAD /health",
    "HEAD /health/live",
    "HEAD /health/ready",
    "GET /login",
    "GET /ui/assets/{name}",  # style and scripts: the page that asks to log in needs them too
}


def api(app: Any) -> FastAPI:
    """The FastAPI application inside the limits and FastStream."""
    while not isinstance(app, AdminApplication):
        app = app._app  # pylint: disable=protected-access
    return app._api  # pylint: disable=protected-access


def routes(app: Any) -> dict[str, list[str]]:
    return dict(stated_permissions(api(app)))


def test_only_health_login_and_the_files_of_the_pages_are_open(app: Any):
    stated = routes(app)
    assert {route for route, needed in stated.items() if needed == ["open"]} == OPEN
    assert all(stated.values())
    assert len(stated) >= 20


async def test_every_other_route_needs_the_token(app: Any, stranger: Client):
    closed = [route.split(" ") for route in routes(app) if route not in OPEN]
    for method, path in [*closed, ["GET", "/asyncapi"], ["GET", "/asyncapi.json"]]:
        filled = path.replace("{saga}", "1").replace("{letter}", "1").replace("{name}", "docs.js")
        filled = filled.replace("{definition}", "work").replace("{step}", "pack")
        answer = await stranger.request(method, filled)
        assert (method, path, answer.status_code) == (method, path, 401)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_browser_reads_but_writes_only_with_the_csrf_token(browser: Client):
    assert (await browser.get("/sagas")).status_code == 200
    refused = await browser.post("/sagas/work", json={"order": 7})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_token_missing")
    csrf = (await browser.get("/session")).json()["csrf"]
    headers = {"X-CSRF-Token": csrf}
    answer = await browser.post("/sagas/work", json={"order": 7}, headers=headers)
    assert answer.status_code == 202


def test_a_router_of_the_business_states_permissions_too(
    backend: FakeBackend, letters: FakeLetters, guard: Guard, clock
):
    router = APIRouter()

    @router.get("/forgotten")
    def _forgotten() -> None:
        """States nothing."""

    with pytest.raises(UnguardedRoute, match="/forgotten"):
        admin_app(backend, letters, guard, clock, routers=[router])


async def test_metrics(client: Client, backend: FakeBackend):
    await client.post("/sagas/work", json={"order": 7})
    backend.metrics.started.add("work")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'saga_sagas{definition="work",state="completed"} 1.0' in answer.text
    assert 'saga_sagas{definition="work",state="needs_operator"} 0.0' in answer.text
    assert 'saga_started_total{definition="work"} 1.0' in answer.text


async def test_metrics_on_a_port_of_their_own_are_all_there_is(client_of, backend: FakeBackend):
    alone = client_of(metrics_app(backend, tuple), token=None)
    text = (await alone.get("/metrics")).text
    assert 'saga_sagas{definition="work",state="failed"} 0.0' in text
    assert (await alone.get("/sagas")).status_code == 404


async def test_definitions(client: Client, backend: FakeBackend):
    (item,) = (await client.get("/definitions")).json()["items"]
    assert item == {"name": "work", "version": backend.saga.version, "current": True}
    one = (await client.get("/definitions/work")).json()
    assert one["input"] == {"title": "Order"}
    assert one["versions"] == [backend.saga.version]
    table = (await client.get("/definitions/work/table")).json()
    assert [column["step"] for column in table["columns"]] == ["pack", "ship"]
    assert one["check"] == table["check"]
    assert (table["check"]["holds"], table["check"]["version"]) == (True, backend.saga.version)
    for path in ("/definitions/nothing", "/definitions/nothing/table"):
        assert (await client.get(path)).status_code == 404


async def test_a_definition_that_only_the_log_knows(client: Client, backend: FakeBackend):
    backend.answers["pack"] = ""
    saga = (await client.post("/sagas/work", json={"order": 7})).json()["id"]
    backend.catalogue = Catalogue()
    (item,) = (await client.get("/definitions")).json()["items"]
    assert item["current"] is False
    assert (await client.get("/definitions/work/table")).status_code == 200
    (waiting,) = (await client.get(f"/sagas/{saga}")).json()["waiting"]
    assert waiting["service"] == "packer"
    assert (await client.post("/sagas/work", json={"order": 7})).status_code == 404


async def test_the_table_of_an_older_version_is_there_as_long_as_a_saga_runs_it(
    client: Client, backend: FakeBackend
):
    old = backend.saga.version
    await client.post("/sagas/work", json={"order": 7})
    newer = work("pack")
    backend.catalogue = Catalogue([newer])
    newest = (await client.get("/definitions/work/table")).json()
    assert [column["step"] for column in newest["columns"]] == ["pack"]
    assert newest["check"] is None  # this process did not start with it
    asked = (await client.get(f"/definitions/work/table?version={old}")).json()
    assert (asked["version"], len(asked["columns"])) == (old, 2)
    for path in (f"/definitions/other/table?version={old}", "/definitions/work/table?version=x"):
        assert (await client.get(path)).status_code == 404


async def test_dead_letters(client: Client):
    first = (await client.get("/dead-letters?limit=2")).json()
    assert [item["id"] for item in first["items"]] == [4096, 2048]
    rest = (await client.get(first["next"])).json()
    assert [item["id"] for item in rest["items"]] == [1024]
    text = (await client.get("/dead-letters/1024")).json()
    assert (text["raw"], text["error"], text["topic"]) == (
        '{"tenant": "1"',
        "no JSON",
        "saga.replies",
    )
    assert (await client.get("/dead-letters/2048")).json()["raw_base64"] == "/wA="
    assert (await client.get("/dead-letters/4096")).json()["raw"] is None
    assert (await client.get("/dead-letters/3072")).status_code == 404


async def test_a_dead_letter_is_sent_again_once(client: Client):
    sent = await client.post("/dead-letters/1024/redrive")
    assert (sent.status_code, sent.json()["topic"]) == (202, "saga.replies")
    again = await client.post("/dead-letters/1024/redrive")
    assert (again.status_code, again.json()["code"]) == (409, "redrive_refused")
    meant = await client.post("/dead-letters/1024/redrive", json={"again": True})
    assert meant.status_code == 202
    assert (await client.post("/dead-letters/9/redrive")).status_code == 404
    ids = [item["id"] for item in (await client.get("/dead-letters")).json()["items"]]
    assert 1024 not in ids
    every = (await client.get("/dead-letters?all=true")).json()["items"]
    assert [item["redriven"] for item in every if item["id"] == 1024] == [
        {"at": 5, "by": "operator"}
    ]


async def test_the_lifespan_of_the_business_is_entered(
    backend: FakeBackend, letters: FakeLetters, guard: Guard, clock
):
    steps: list[str] = []

    async def lifespan(_app):
        steps.append("up")
        yield
        steps.append("down")

    app = admin_app(backend, letters, guard, clock)
    api(app).router.lifespan_context = asynccontextmanager(lifespan)
    inbox = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    outbox: list[str] = []

    async def receive():
        return inbox.pop(0)

    async def send(message):
        outbox.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert outbox == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert steps == ["up", "down"]


async def test_unknown_paths_and_methods_are_problems(client: Client):
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/sagas/", 404),
        ("PUT", "/sagas", 405),
        ("DELETE", "/sagas/1", 405),
        ("POST", "/asyncapi", 405),
        ("GET", "/sagas/abc", 422),
        ("GET", f"/sagas/{2**60}", 422),
        ("GET", "/sagas/1%00", 422),
    ):
        answer = await client.request(method, path, follow_redirects=True)
        assert (path, answer.status_code) == (path, status)
        assert answer.headers["content-type"] == "application/problem+json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
PATHS = st.sampled_from(
    [
        "/sagas/work",
        "/sagas/1024/repair",
        "/dead-letters/1024/redrive",
        "/login",
        "/sagas/%00%C3%BC",
    ]
)


# The application keeps only sagas between examples, which is what makes it worth trying.
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
    path=PATHS,
    body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
    kind=st.sampled_from(["application/json", "text/plain", ""]),
    query=st.text(max_size=20),
)
async def test_bad_input_is_never_a_500(
    client: Client, method: str, path: str, body: bytes, kind: str, query: str
):
    params = {"after": query, "limit": query, "state": query, "code": query}
    answer = await client.request(
        method, path, content=body, headers={"Content-Type": kind}, params=params
    )
    assert answer.status_code < 500
    assert COOKIE not in answer.headers.get("set-cookie", "")
