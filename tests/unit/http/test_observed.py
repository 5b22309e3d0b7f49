"""Every request is measured, by its route, and told in the log."""

import json
from io import StringIO

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse

from infra.clock import ManualClock
from infra.http.errors import Problem
from infra.http.observed import Observed
from infra.http.problems import install_problems
from infra.logging import configure
from infra.telemetry.metrics import Metrics
from tests.logs import logging_as_it_was  # noqa: F401  # pylint: disable=unused-import  # fixture

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000)


@pytest.fixture
def said() -> StringIO:
    stream = StringIO()
    configure("json", "debug", stream)
    return stream


def lines(said: StringIO) -> list[dict]:
    """What was said about requests."""
    found = [json.loads(line) for line in said.getvalue().splitlines()]
    return [line for line in found if line["event"] == "request"]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def client(clock: ManualClock, metrics: Metrics):
    inner, outer = APIRouter(prefix="/things"), APIRouter(prefix="/v1")

    @inner.get("/{thing}")
    async def one(thing: int) -> int:
        clock.advance(30)
        return thing

    @inner.post("")
    async def made() -> int:
        clock.advance(7)
        return 1

    @inner.get("")
    async def failed() -> int:
        raise Problem(503, "not now", code="not_now")

    @inner.put("")
    async def broken() -> int:
        raise RuntimeError("a bug")

    @inner.get("/{thing}/stream")
    async def stream() -> StreamingResponse:
        async def told():
            yield b"first"
            clock.advance(60_000)
            yield b"last"

        return StreamingResponse(told())

    outer.include_router(inner)
    app = FastAPI()
    install_problems(app)
    app.include_router(outer)
    transport = httpx.ASGITransport(
        Observed(app, metrics.http_seconds, clock), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made_client:
        yield made_client


async def test_by_the_route_and_never_by_the_path(client, metrics: Metrics, said: StringIO):
    for thing in (1, 2):
        await client.get(f"/v1/things/{thing}?code=a-secret-of-the-query")
    assert metrics.http_seconds.values == {
        ("GET", "/v1/things/{thing}", "200"): pytest.approx(0.06)
    }
    told = lines(said)
    assert [(line["level"], line["route"], line["ms"]) for line in told] == [
        ("debug", "/v1/things/{thing}", 30.0)
    ] * 2
    assert "a-secret-of-the-query" not in json.dumps(told)


async def test_what_changes_something_is_told_and_what_fails_is_a_warning(
    client, metrics: Metrics, said: StringIO
):
    await client.post("/v1/things")
    await client.get("/v1/things")
    await client.put("/v1/things")
    assert [(line["level"], line["method"], line["status"]) for line in lines(said)] == [
        ("info", "POST", 200),
        ("warning", "GET", 503),
        ("warning", "PUT", 500),
    ]
    assert metrics.http_seconds.values["POST", "/v1/things", "200"] == pytest.approx(0.007)


async def test_strangers_name_no_methods_and_no_routes(client, metrics: Metrics):
    for method, path in (("GET", "/nowhere/1"), ("BREW", "/nowhere/2"), ("GET", "/nowhere/3")):
        await client.request(method, path)
    assert set(metrics.http_seconds.values) == {("GET", "other", "404"), ("other", "other", "404")}


async def test_a_stream_is_measured_until_it_begins(client, metrics: Metrics):
    answer = await client.get("/v1/things/7/stream")
    assert answer.content == b"firstlast"
    assert metrics.http_seconds.values == {("GET", "/v1/things/{thing}/stream", "200"): 0.0}
