"""The documentation pages: who may see them, what they show, and that they need no network."""

from importlib import import_module

import httpx
import pytest

import sagas
from orchestrator.admin.channels import channels

Client = httpx.AsyncClient
PAGES = ["/docs", "/openapi.json", "/asyncapi", "/asyncapi.json", "/docs/assets/docs.js"]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_load_for_who_is_logged_in(browser: Client, client: Client, path: str):
    for caller in (browser, client):
        answer = await caller.get(path)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_stranger_with_a_browser_is_shown_how_to_log_in(stranger: Client):
    page = await stranger.get("/docs", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "login link" in page.text
    program = await stranger.get("/docs")
    assert program.headers["content-type"] == "application/problem+json"


async def test_the_page_of_the_api_needs_no_network(browser: Client):
    page = await browser.get("/docs")
    assert "http://" not in page.text
    assert "https://" not in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "docs.js", "favicon.png"):
        assert f"/docs/assets/{name}" in page.text
        assert (await browser.get(f"/docs/assets/{name}")).status_code == 200
    assert (await browser.get("/docs/assets/..%2fdocs.py")).status_code == 404
    csrf = (await browser.get("/session")).json()["csrf"]
    assert csrf in page.text


async def test_the_api_description_has_every_route_and_how_to_authenticate(client: Client):
    found = (await client.get("/openapi.json")).json()
    for path in ("/sagas/{definition}", "/sagas/{saga}/history", "/dead-letters/{letter}/redrive"):
        assert path in found["paths"]
    assert set(found["components"]["securitySchemes"]) == {"token", "session", "csrf"}
    start = found["paths"]["/sagas/{definition}"]["post"]
    assert {"Idempotency-Key", "Prefer"} <= {each["name"] for each in start["parameters"]}
    assert list(start["responses"]["422"]["content"]) == ["application/problem+json"]
    operations = [each for path in found["paths"].values() for each in path.values()]
    summaries = [each["summary"] for each in operations]
    assert len(set(summaries)) == len(summaries)
    for each in operations:
        invalid = each["responses"].get("422", {"content": {}})
        assert "application/json" not in invalid["content"]


async def test_every_channel_and_message_is_on_the_page(client: Client):
    found = (await client.get("/asyncapi.json")).json()
    page = (await client.get("/asyncapi")).text
    expected = channels(import_module(name) for name in sagas.app.contracts)
    topics = {channel.topic for channel in expected}
    assert {
        "saga.requests",
        "saga.replies",
        "saga.log",
        "saga.events",
        "saga.dead-letters",
        "order.events",
        "product.commands",
        "payment.commands",
        "inventory.commands",
        "shipping.commands",
        "orders.commands",
    } <= topics
    for channel in expected:
        name = f"{channel.topic}:{channel.message}"
        assert found["channels"][name]["address"] == channel.topic
        assert found["operations"][name]["action"] == ("receive" if channel.received else "send")
        assert name in page
    messages = {channel.message for channel in expected}
    assert {
        "ChargePayment",
        "PaymentCharged",
        "OrderFailed",
        "SagaRefused",
        "saga.start",
    } <= messages
    charge = found["components"]["schemas"]["ChargePaymentMessage"]
    assert charge["properties"]["type"]["const"] == "ChargePayment"
    assert charge["properties"]["data"] == {"$ref": "#/components/schemas/ChargePayment"}
    assert charge["properties"]["saga"]["type"] == "string"


async def test_the_page_of_messages_cannot_act_for_who_is_logged_in(
    browser: Client, client: Client
):
    answer = await browser.get("/asyncapi")
    assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts;")
    # FastStream's "try it out" publishes for everybody who asks: it must not be there.
    assert (await client.post("/asyncapi/try", json={})).status_code == 404


async def test_a_participants_author_finds_the_fields_of_a_command(client: Client):
    page = (await client.get("/asyncapi")).text
    begun = page.index("payment.commands:ChargePayment<")
    assert "user_id <i>integer</i>" in page[begun : page.index("</ul></li></ul>", begun)]
    assert "``" not in page[page.index('<div id="asyncapi">') : page.index("</div>")]
