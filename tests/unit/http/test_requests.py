"""Headers, bodies and pages, with their refusals."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.http.limits import BodyLimit, SecurityHeaders

Client = httpx.AsyncClient


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (["wait=3"], 3),
        (['wait="3"'], 3),
        (["respond-async, wait=4; x=y"], 4),
        (["return=minimal", "Wait = 5"], 5),
        (["wait=99999"], 30),
        (["respond-async"], 0),
        (["wait=1", "wait=2"], 1),
    ],
)
async def test_prefer(client: Client, prefer: list[str], seconds: int):
    answer = await client.get("/things/headers", headers=[("Prefer", value) for value in prefer])
    assert answer.json()["wait"] == seconds
    granted = f"wait={seconds}" if seconds else None
    assert answer.headers.get("preference-applied") == granted


@pytest.mark.parametrize("value", ["wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "wait=1e3"])
async def test_a_wait_that_is_no_number_is_refused(client: Client, value: str):
    answer = await client.get("/things/headers", headers={"Prefer": value})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_prefer")


@pytest.mark.parametrize(
    ("sent", "key"), [("k-1", "k-1"), ('"k-1"', "k-1"), ("a" * 200, "a" * 200)]
)
async def test_idempotency_key(client: Client, sent: str, key: str):
    answer = await client.get("/things/headers", headers={"Idempotency-Key": sent})
    assert answer.json()["key"] == key
    assert answer.headers["idempotency-key"] == key


async def test_a_missing_key_is_made_and_told(client: Client):
    first = await client.get("/things/headers")
    second = await client.get("/things/headers")
    assert first.headers["idempotency-key"] == first.json()["key"]
    assert first.json()["key"] != second.json()["key"]


async def test_a_refusal_carries_the_key_too(client: Client):
    wrong = {"Prefer": "wait=soon"}
    given = await client.get("/things/headers", headers={**wrong, "Idempotency-Key": "k-1"})
    assert (given.status_code, given.headers["idempotency-key"]) == (400, "k-1")
    minted = await client.get("/things/headers", headers=wrong)
    assert (minted.status_code, len(minted.headers["idempotency-key"])) == (400, 36)


@pytest.mark.parametrize("values", [[""], ['""'], ["a b"], ["a" * 201], ["a", "b"], ["\xe9"]])
async def test_a_useless_key_is_refused(client: Client, values: list[str]):
    headers = [(b"idempotency-key", value.encode("latin-1")) for value in values]
    answer = await client.get("/things/headers", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"a": [1, {"b": null}]}', 200),
        (b"[]", 422),
        (b"null", 422),
        (b'{"a": NaN}', 400),
        (b'{"a": 1e999}', 400),
        (b'{"a": "\\ud800"}', 400),
        (b'{"a": 9223372036854775807}', 200),
        (b'{"a": [{"b": 9223372036854775808}]}', 422),
        (b"{" * 100_000, 400),
        (b'{"a": %s}' % (b"1" * 5000), 400),
    ],
)
async def test_json_objects_are_read_strictly(client: Client, content: bytes, status: int):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = await client.post("/things/raw", content=content, headers=headers)
    assert answer.status_code == status


async def test_pages_follow_each_other_to_the_end(client: Client):
    seen: list[int] = []
    url: str | None = "/things?limit=4"
    while url is not None:
        answer = await client.get(url)
        page = answer.json()
        seen += [item["id"] for item in page["items"]]
        url = page["next"]
        assert answer.headers.get("link") == (f'<{url}>; rel="next"' if url else None)
    assert seen == list(range(10, 0, -1))


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=-1", f"after={2**53}"])
async def test_pages_out_of_bounds_are_refused(client: Client, query: str):
    assert (await client.get(f"/things?{query}")).status_code == 422


async def echo(_scope, receive, send):
    """Answers with the size of the body it got."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_have_a_limit_whatever_the_headers_claim(client_of, chunked: bool):
    async def pieces(size: int):
        for _ in range(size):
            yield b"x"

    client = client_of(BodyLimit(echo, maximum=10))
    content = pieces if chunked else lambda size: b"x" * size
    assert (await client.post("/", content=content(10))).text == "10"
    refused = await client.post("/", content=content(11))
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")


async def test_answers_tell_browsers_to_be_careful(client_of, app):
    answer = await client_of(SecurityHeaders(app)).get("/nowhere")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


# The application keeps nothing of a request, so one client serves all examples.
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.binary(max_size=60).filter(lambda raw: not set(raw) & {0, 10, 13}))
async def test_no_header_breaks_the_parser(header: bytes, client: Client):
    for name in (b"prefer", b"idempotency-key", b"authorization", b"cookie", b"content-type"):
        answer = await client.get("/things/headers", headers=[(name, header)])
        assert answer.status_code in (200, 400, 401)
