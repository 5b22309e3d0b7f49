"""Flaky calls: a third raises, a third hangs and holds nobody up, a third works; the same again."""

from collections import Counter
from pathlib import Path

import pytest

from contracts.payment import ChargeOrder
from infra.datastore import ensure_folder
from services import payment
from services.participant.settings import ServiceSettings
from tests.unit.services.desk import Desk
from tests.unit.services.messages import Consumed, command, reply

MANY = 200


def charge(number: int) -> ChargeOrder:
    return ChargeOrder(order_id=f"o{number}", payment_id=f"p{number}", amount=1, currency="EUR")


async def outcomes(folder: Path, seed: int, *, attempt: int = 1) -> list[str]:
    """What becomes of many orders' payments; everything that was not answered left nothing."""
    ensure_folder(folder)
    settings = ServiceSettings(skew_ms=0, flaky=True, flaky_seed=seed)
    desk = Desk(payment.participant, folder, settings)
    try:
        found = [(await desk.ask(charge(n), attempt=attempt))[0] for n in range(MANY)]
        made = desk.db.execute("SELECT count(*) FROM payments").fetchone()[0]
        stored = desk.db.execute("SELECT count(*) FROM inbox").fetchone()[0]
        assert made == stored == found.count("succeeded")
        assert desk.books().balanced
        return found
    finally:
        desk.close()


async def test_a_third_each_and_the_same_again(tmp_path: Path) -> None:
    first = await outcomes(tmp_path / "first", 7)
    counts = Counter(first)
    assert counts.keys() == {"succeeded", "failed", ""}
    assert all(MANY * 0.25 < count < MANY * 0.42 for count in counts.values()), counts
    assert await outcomes(tmp_path / "again", 7) == first
    assert await outcomes(tmp_path / "other", 8) != first
    assert await outcomes(tmp_path / "later", 7, attempt=2) != first


async def test_it_is_off_by_default(tmp_path: Path) -> None:
    desk = Desk(payment.participant, tmp_path)
    try:
        assert {(await desk.ask(charge(n)))[0] for n in range(20)} == {"succeeded"}
    finally:
        desk.close()


async def test_one_that_hangs_holds_up_nobody_in_its_batch(tmp_path: Path) -> None:
    desk = Desk(payment.participant, tmp_path, ServiceSettings(skew_ms=0, flaky=True))
    try:
        batch = [
            Consumed(command("ChargeOrder", charge(n).model_dump(), saga=str(n)), desk.topic)
            for n in range(30)
        ]
        outcome = await desk.handler.handle(batch)
    finally:
        desk.close()
    assert outcome.taken == 30
    assert outcome.counts["unanswered"] == 30 - len(outcome.outgoing) > 0
    answered = [reply(one.record.value)["outcome"] for one in outcome.outgoing]
    assert set(answered) == {"succeeded", "failed"}


def test_the_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ServiceSettings().flakiness is None
    monkeypatch.setenv("SAGA_SERVICE_FLAKY", "true")
    monkeypatch.setenv("SAGA_SERVICE_FLAKY_SEED", "9")
    assert ServiceSettings().flakiness == 9
