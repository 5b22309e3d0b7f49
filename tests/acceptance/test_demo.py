"""The main job: `saga demo` shows every row of the table, and fails when one differs."""

import pytest

from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from tests.acceptance.conftest import Saga

LABELS = 10


def check(facts: dict[str, object]) -> None:
    """The facts of a demo that went as the tables say."""
    assert facts["ok"] is True
    assert facts["balanced"] is True
    assert facts["uncovered"] == []
    cases = facts["cases"]
    assert isinstance(cases, list)
    assert len(cases) == LABELS
    assert all(case["differences"] == [] for case in cases)
    ended = [case["ended"] for case in cases if case["definition"] == "order-fulfillment"]
    assert sorted(ended) == ["completed"] + ["failed"] * 8
    (cancelled,) = (case for case in cases if case["definition"] == "order-cancellation")
    assert cancelled["ended"] == "completed"
    books = facts["books"]
    assert isinstance(books, list)
    (orders,) = (book for book in books if book["service"] == "orders")
    states = [row[orders["titles"].index("status")] for row in orders["rows"]]
    assert states == ["cancelled"] + ["failed"] * 8


def test_the_demo_on_the_embedded_broker(saga: Saga) -> None:
    done = saga.run("demo", "--json")
    assert (done.code, done.err) == (0, "")
    check(done.facts)
    assert not saga.data.exists()  # a demo leaves nothing behind


def test_the_demo_prints_the_table_a_timeline_and_the_books(saga: Saga) -> None:
    done = saga.run("demo")
    assert (done.code, done.err) == (0, "")
    for text in (
        "failed, 404",
        "none: nothing was done",
        "Timeline of saga",
        "undo sent: ",
        "payment: accounts",
        "shipping: shipments",
        "10 of 10 sagas went as their table says; the books balance",
    ):
        assert text in done.out


@pytest.mark.kafka
async def test_the_demo_on_real_kafka_leaves_no_topic_behind(
    saga: Saga, kafka_broker: BrokerSettings
) -> None:
    prefix = kafka_broker.topic_prefix
    done = saga.run("demo", "--json", "--broker", kafka_broker.address, KAFKA_TOPIC_PREFIX=prefix)
    assert done.code == 0, done
    check(done.facts)
    assert [name for name in await list_topics(kafka_broker) if name.startswith(prefix)] == []


LIAR = """
from orchestrator.definition import Application
from orchestrator.definition.scenario import Case, Scenario
from sagas import app as honest
from dataclasses import replace

scenario = Scenario(
    cases=(
        Case(
            "said to fail",
            "order-fulfillment",
            {"order_id": 1, "user_id": 1, "product_id": 1, "quantity": 1},
            fails=("payment",),
        ),
    ),
    every_row_of=("order-fulfillment",),
)
app = replace(honest, demo="liar:scenario")
"""


def test_a_demo_that_differs_from_its_table_fails(saga: Saga) -> None:
    (saga.folder / "liar.py").write_text(LIAR, encoding="utf-8")
    done = saga.run("demo", "--json", "--app", "liar:app")
    assert done.code == 1
    assert done.err.count("\n") == 1
    (case,) = done.facts["cases"]
    told = "; ".join(case["differences"])
    assert "payment: success, the table says refused" in told
    assert "the saga is completed, the table says failed" in told
    assert "the database of payment" in told
    assert len(done.facts["uncovered"]) == 8


def test_an_application_without_a_scenario_has_no_demo(saga: Saga) -> None:
    text = "from orchestrator.definition import Application\napp = Application('x', sagas=())\n"
    (saga.folder / "bare.py").write_text(text, encoding="utf-8")
    saga.run("demo", "--app", "bare:app").is_a_mistake("no demo scenario")


def test_a_demo_does_not_wait_for_a_broker_for_ever(saga: Saga) -> None:
    done = saga.run("demo", "--broker", "127.0.0.1:1")
    done.is_a_mistake("127.0.0.1:1")
