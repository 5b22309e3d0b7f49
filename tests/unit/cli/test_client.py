"""What the commands make of the HTTP API's answers."""

from collections.abc import Callable

import httpx
import pytest

from orchestrator.cli.client import Client
from orchestrator.cli.errors import BadInput, NoAnswer


def client(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    """A client of an API that answers like this."""
    transport = httpx.MockTransport(answer)
    return Client(httpx.Client(transport=transport, base_url="http://api"))


def test_what_is_asked_reaches_the_api() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"items": []})

    assert client(answer).get("/sagas", state="failed", limit=2, after=None) == {"items": []}
    client(answer).post("/sagas/x", {"a": 1}, headers={"Prefer": "wait=3"})
    assert str(seen[0].url) == "http://api/sagas?state=failed&limit=2"
    assert seen[1].content == b'{"a":1}'
    assert seen[1].headers["prefer"] == "wait=3"


@pytest.mark.parametrize(("status", "error"), [(404, BadInput), (422, BadInput), (503, NoAnswer)])
def test_a_problem_is_its_detail(status: int, error: type[Exception]) -> None:
    problem = {"title": "No", "detail": "there is no saga 7"}
    with pytest.raises(error, match="there is no saga 7"):
        client(lambda _: httpx.Response(status, json=problem)).get("/sagas/7")


def test_where_there_is_no_route_it_says_what_may_be_missing() -> None:
    """`saga order` against a process that runs without the orders service."""
    problem = {"title": "Not Found", "detail": "Not Found", "code": "not_found"}
    why = "nothing answers GET http://api/orders/x: does that process run the service that would?"
    with pytest.raises(BadInput) as told:
        client(lambda _: httpx.Response(404, json=problem)).get("/orders/x")
    assert str(told.value) == why


def test_a_wrong_place_is_told_of_the_option_that_it_came_from() -> None:
    wrong = [
        {"pointer": "#/new_address/zip_code", "detail": "Field required"},
        {"pointer": "#/items/0/quantity", "detail": "no number"},
        {"pointer": "#/other", "detail": "not known"},
        {"parameter": "order_id", "in": "path", "detail": "begins with a letter"},
    ]
    options = {"#/new_address/zip_code": "--zip-code", "#/items": "--item"}
    told = (
        "--zip-code: Field required; --item: no number; #/other: not known;"
        " order_id: begins with a letter"
    )
    with pytest.raises(BadInput, match=f"^{told}$"):
        client(lambda _: httpx.Response(422, json={"errors": wrong})).post(
            "/orders", {}, options=options
        )


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"{}"])
def test_an_answer_that_is_no_problem_document_is_its_status(body: bytes) -> None:
    with pytest.raises(NoAnswer, match="502"):
        client(lambda _: httpx.Response(502, content=body)).get("/sagas")


def test_no_answer_names_the_address() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(NoAnswer, match="http://api"):
        client(refuse).get("/sagas")
