"""Whatever goes wrong is an RFC 9457 document that tells enough and leaks nothing."""

import httpx
import pytest
from pydantic import BaseModel, Field, ValidationError

from infra.http.problems import invalid_request, pointer

Client = httpx.AsyncClient


def problem(answer: httpx.Response) -> dict:
    """The document, after checking what every one of them must have."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["code"]
    return body


async def test_unknown_paths(client: Client):
    body = problem(await client.get("/nowhere"))
    assert (body["status"], body["code"], body["title"]) == (404, "not_found", "Not Found")


async def test_wrong_methods(client: Client):
    answer = await client.delete("/things")
    assert problem(answer)["status"] == 405
    assert "allow" in answer.headers


async def test_a_bug_says_nothing_of_the_inside(client: Client):
    answer = await client.get("/things/bug")
    body = problem(answer)
    assert body["status"] == 500
    assert body["instance"].startswith("urn:uuid:")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_a_refusal_carries_its_code_headers_and_members(client: Client):
    answer = await client.get("/things/refused")
    body = problem(answer)
    assert (body["code"], body["detail"], body["why"]) == ("nope", "no", [1])
    assert answer.headers["retry-after"] == "3"


async def test_wrong_fields_are_named_by_pointer(client: Client):
    answer = await client.post(
        "/things", json={"lines": [{"quantity": 1}, {"quantity": "-s3cret"}]}
    )
    body = problem(answer)
    assert body["status"] == 422
    assert [error["pointer"] for error in body["errors"]] == ["#/name", "#/lines/1/quantity"]
    assert "s3cret" not in answer.text


async def test_wrong_query_parameters_are_named(client: Client):
    body = problem(await client.get("/things?limit=0&after=x"))
    assert body["status"] == 422
    assert {(error["parameter"], error["in"]) for error in body["errors"]} == {
        ("limit", "query"),
        ("after", "query"),
    }


async def test_query_parameters_that_nobody_reads_are_named(client: Client):
    body = problem(await client.get("/things?limt=5&limit=5&state=x"))
    assert (body["status"], body["code"]) == (422, "invalid_input")
    assert [(error["parameter"], error["in"]) for error in body["errors"]] == [
        ("limt", "query"),
        ("state", "query"),
    ]
    assert "there are after, limit" in body["detail"]
    none = problem(await client.get("/things/headers?wait=3"))
    assert (none["status"], "there are none here" in none["detail"]) == (422, True)
    assert (await client.get("/things?limit=5")).status_code == 200


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"name": 1e}'])
async def test_what_is_no_json_is_400_or_422(client: Client, content: bytes):
    headers = {"Content-Type": "application/json"}
    body = problem(await client.post("/things", content=content, headers=headers))
    assert body["status"] in (400, 422)


@pytest.mark.parametrize("path", ["/things", "/things/raw"])
async def test_a_body_that_is_not_sent_as_json_is_415(client: Client, path: str):
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await client.post(path, content=b"{}", headers={"Content-Type": kind})
        assert problem(answer)["status"] == 415


async def test_lone_surrogates_do_not_break_the_refusal(client: Client):
    headers = {"Content-Type": "application/json"}
    content = b'{"lines": [{"\\ud800": 1}], "name": "\\ud800"}'
    answer = await client.post("/things", content=content, headers=headers)
    assert problem(answer)["status"] == 422


def test_pointers_are_escaped():
    assert pointer(("a/b", 0, "~")) == "#/a~1b/0/~0"
    assert pointer(()) == "#"


class Lent(BaseModel):
    """One field is made of another where it is left out."""

    days: int
    until: int = Field(default_factory=lambda given: given["days"])


def test_a_default_that_follows_from_a_wrong_field_is_no_mistake_of_its_own():
    with pytest.raises(ValidationError) as wrong:
        Lent.model_validate({"days": "many"})
    errors = [{**error, "loc": ("body", *error["loc"])} for error in wrong.value.errors()]
    assert len(errors) == 2
    assert [place["pointer"] for place in invalid_request(errors).errors] == ["#/days"]
