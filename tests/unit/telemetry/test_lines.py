"""What the log tells of a saga: who it is, where, under which trace; never what it carries."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from contracts.payment import ChargePayment
from infra.logging import configure
from orchestrator.engine.facts import Failed, Parked, Stuck, Transition
from orchestrator.runtime.decisions import Decided
from orchestrator.runtime.telling import tell
from orchestrator.sagalog.records import seal
from services import payment
from tests.unit.services.desk import Desk
from tests.world import step, world

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture(name="log")
def _log() -> Iterator[io.StringIO]:
    """JSON lines, as in production; logging is one per process and left as it was found."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    root.handlers[:] = []  # configure() closes those it replaces, and pytest's must stay open
    stream = io.StringIO()
    configure("json", destination=stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.configure(**config)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_who_waits_for_a_person_is_told_with_its_place_and_trace(log: io.StringIO):
    state = world(step("pay")).state
    assert state is not None
    state.trace = PARENT
    facts = (
        Stuck("pay", "undo", "no answer"),
        Parked("too large"),
        Failed("no", "a reason that may name people", 409, ("pay",)),
    )
    tell([Decided(seal(Transition(1024, 2, 1, "input", facts)), state)])
    stuck, parked, failed = lines(log)
    for line in (stuck, parked, failed):
        assert (line["saga"], line["trace_id"]) == (1024, TRACE)
    assert (stuck["level"], stuck["step"], stuck["cause"]) == ("warning", "pay", "no answer")
    assert (parked["level"], parked["cause"]) == ("error", "too large")
    assert (failed["level"], failed["code"], failed["undone"]) == ("info", "no", ["pay"])
    assert "people" not in log.getvalue()


async def test_a_line_of_a_handler_says_for_which_saga_and_step_it_works(
    log: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    handler = payment.participant.commands["ChargePayment"]

    def broken(_command: ChargePayment, _work: object):
        logging.getLogger("a library").warning("about to break")
        raise RuntimeError("a bug")

    spy = type(handler)(handler.command, broken, False)
    monkeypatch.setitem(payment.participant.commands, "ChargePayment", spy)
    desk = Desk(payment.participant, tmp_path)
    charge = ChargePayment(order_id=1, user_id=1, amount=1_000, currency="EUR")
    outcome, _ = await desk.ask(charge, saga="2048", step="pay", traceparent=PARENT)
    desk.database.close()
    assert outcome == "failed"
    library, ours = lines(log)
    for line in (library, ours):
        assert (line["saga"], line["step"], line["trace_id"]) == (2048, "pay", TRACE)
    assert (ours["event"], ours["kind"]) == ("command failed", "ChargePayment")
