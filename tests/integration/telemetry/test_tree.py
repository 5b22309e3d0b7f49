"""The whole product sends one tree of spans per saga to a real collector."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import DEFAULT_TENANT
from infra.telemetry import exporting
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.parts import broker_with_topics, running_orchestrator
from orchestrator.bootstrap.services import running_services
from orchestrator.engine.facts import Refused, Sent, Succeeded, Transition
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.settings import Settings
from sagas import app
from tests.integration.runtime.stage import eventually
from tests.otlp import Received, Receiver

SERVICES = ["product", "payment", "inventory", "shipping"]
OUT_OF_STOCK = {"order_id": 4, "user_id": 1, "product_id": 2, "quantity": 1}
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MS = 1_000_000


@asynccontextmanager
async def product(folder: Path) -> AsyncIterator[Orchestrator]:
    """Embedded broker, orchestrator and the four services, as ``saga up`` runs them."""
    settings = Settings(data=folder)
    sagas = load_sagas(app)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        broker = await enter(broker_with_topics(None, settings, app, sagas, print))
        orchestrator = await enter(running_orchestrator(settings, broker, sagas))
        services = await enter(running_services(app, SERVICES, broker, folder / "services"))
        await services.ready()
        await eventually(lambda: orchestrator.health().ready)
        yield orchestrator


async def fail_an_order(folder: Path, traceparent: str | None = None) -> list[Transition]:
    """Start an order for which there is no stock, and wait until it is undone; its history."""
    async with product(folder) as orchestrator:
        name = "order-fulfillment"
        await orchestrator.door.start(name, "order-4", OUT_OF_STOCK, traceparent=traceparent)
        row = await orchestrator.wait(DEFAULT_TENANT, name, "order-4", 30)
        assert row is not None
        ended = await orchestrator.wait_saga(row.id, 30)
        assert ended is not None and ended.status == "failed"
        return orchestrator.reader.history(ended.id)


def parents(spans: list[Received]) -> set[tuple[str, str, str]]:
    """(service, span, what it stands under)."""
    names = {span.span: span.name for span in spans}
    return {(span.service, span.name, names.get(span.parent, "")) for span in spans}


def one(spans: list[Received], name: str) -> Received:
    """The only span of that name."""
    (found,) = [span for span in spans if span.name == name]
    return found


async def test_a_failed_saga_is_one_tree_over_four_services(
    collector: Receiver, tmp_path: Path
) -> None:
    """Steps and undos under the saga, each handler under its command."""
    with exporting():
        history = await fail_an_order(tmp_path)
    spans = collector.spans
    ours, saga = "saga-orchestrator", "saga order-fulfillment"
    assert parents(spans) == {
        (ours, saga, ""),
        (ours, "step product", saga),
        (ours, "step payment", saga),
        (ours, "step inventory", saga),
        (ours, "step shipping", saga),
        (ours, "undo payment", saga),
        (ours, "undo shipping", saga),
        ("product", "handle QuoteProduct", "step product"),
        ("payment", "handle ChargePayment", "step payment"),
        ("inventory", "handle ReserveStock", "step inventory"),
        ("shipping", "handle ScheduleShipment", "step shipping"),
        ("payment", "undo RefundPayment", "undo payment"),
        ("shipping", "undo CancelShipment", "undo shipping"),
    }
    assert len(spans) == 13
    assert len({span.trace for span in spans}) == 1
    assert {span.name for span in spans if span.failed} == {
        saga,
        "step inventory",
        "handle ReserveStock",
    }
    check_root(one(spans, saga), history)
    check_times(spans, history)
    check_details(spans, history[0].saga)


def check_root(root: Received, history: list[Transition]) -> None:
    """The saga's own span has its true times, its reasons and its turning points."""
    assert (root.parent, root.kind) == ("", "internal")
    assert (root.start_ns, root.end_ns) == (history[0].at * MS, history[-1].at * MS)
    assert root.error.startswith("out_of_stock: ")
    expected: dict[str, Any] = {
        "saga.id": history[0].saga,
        "saga.definition": "order-fulfillment",
        "saga.request_key": "order-4",
        "saga.outcome": "failed",
        "saga.code": "out_of_stock",
        "error.type": "out_of_stock",
    }
    assert expected.items() <= root.attributes.items()
    assert sorted(root.attributes["saga.undone"]) == ["payment", "shipping"]
    (turned, why), (compensating, owed) = root.events
    assert (turned, why) == ("saga.turned", {"saga.step": "inventory", "saga.code": "out_of_stock"})
    assert compensating == "saga.compensating"
    assert sorted(owed["saga.owed"]) == ["payment", "shipping"]


def check_times(spans: list[Received], history: list[Transition]) -> None:
    """A step's span begins when its command was decided, and ends when its reply was."""
    for transition in history:
        for fact in transition.facts:
            if isinstance(fact, Sent):
                word = "step" if fact.direction == "do" else "undo"
                assert one(spans, f"{word} {fact.step}").start_ns == transition.at * MS
            elif isinstance(fact, (Succeeded, Refused)):
                word = "step" if fact.direction == "do" else "undo"
                assert one(spans, f"{word} {fact.step}").end_ns == transition.at * MS


def check_details(spans: list[Received], saga: int) -> None:
    """What the conventions of messaging ask for, on both sides."""
    for name, kind, operation in (
        ("step inventory", "producer", "send"),
        ("handle ReserveStock", "consumer", "process"),
    ):
        span = one(spans, name)
        assert span.kind == kind
        expected = {
            "messaging.system": "kafka",
            "messaging.operation.type": operation,
            "messaging.destination.name": "inventory.commands",
            "messaging.message.id": f"1/{saga}/inventory/do/1/1",
            "saga.id": saga,
            "saga.step": "inventory",
            "saga.outcome": "refused",
            "saga.code": "out_of_stock",
            "error.type": "out_of_stock",
            "saga.message.type": "ReserveStock",
        }
        assert expected.items() <= span.attributes.items()
        assert span.error.startswith("out_of_stock: ")
    assert len({span.instance for span in spans}) == 1


async def test_the_callers_span_is_the_parent(collector: Receiver, tmp_path: Path) -> None:
    """A start that brings a traceparent belongs to its caller's trace."""
    with exporting():
        await fail_an_order(tmp_path, CALLER)
    _, trace, caller, _ = CALLER.split("-")
    assert {span.trace for span in collector.spans} == {trace}
    assert one(collector.spans, "saga order-fulfillment").parent == caller


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")]
)
async def test_what_the_environment_turns_off_stays_off(
    collector: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Nothing is sent, and the saga runs as ever."""
    monkeypatch.setenv(name, value)
    with exporting():
        await fail_an_order(tmp_path)
    assert collector.requests == 0


async def test_an_unsampled_caller_is_respected(collector: Receiver, tmp_path: Path) -> None:
    """The caller decided that its trace is not recorded: nobody on the way records it."""
    with exporting():
        await fail_an_order(tmp_path, CALLER[:-2] + "00")
    assert collector.spans == []
