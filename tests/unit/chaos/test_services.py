"""The services that play, and what is read of them when a run is over."""

from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from contracts.chaos import EastGiveBack, EastLook, EastTake, EastTakeBack
from infra.datastore import migrate, open_database
from orchestrator.chaos.ledgers import Ledgers
from orchestrator.chaos.replayed import Replayed
from orchestrator.definition import Application
from orchestrator.engine.facts import Sent, Transition
from sagas import app
from services.chaos import east
from services.participant.boundaries import MIGRATE
from tests.databases import schema_of, schema_of_script
from tests.unit.services.desk import Desk

PLAYING = Application("playing", (), {"chaos-east": "services.chaos:east"})


@pytest.fixture(name="desk")
def make_desk(tmp_path: Path) -> Iterator[Desk]:
    """The service of the east."""
    with closing(Desk(east, tmp_path)) as made:
        yield made


def test_schema_is_the_sum_of_the_migrations(tmp_path: Path) -> None:
    """As for every service."""
    db = open_database(tmp_path / "moves.db")
    migrate(db, east.package, MIGRATE)
    script = files(east.package).joinpath("schema.sql").read_text(encoding="utf-8")
    assert schema_of(db) == schema_of_script(script)
    db.close()


def effects(desk: Desk) -> tuple[tuple[object, ...], ...]:
    """The rows of its books, which must balance."""
    books = desk.books()
    assert books.balanced
    return books.rows


async def test_it_goes_as_the_command_says(desk: Desk) -> None:
    """Success has an effect, everything else has none."""
    here = {"saga": "5", "step": "s1"}
    refused = await desk.ask(EastTake(play="no", amount=3), **here, round=1)
    failed = await desk.ask(EastTake(play="never", amount=3), saga="6", step="s1")
    late = await desk.ask(EastTake(play="hang-no:1", amount=3), saga="7", step="s1")
    assert [refused[0], failed[0], late[0]] == ["refused", "failed", "refused"]
    assert not effects(desk)
    again = {"saga": "8", "step": "s2"}
    assert (await desk.ask(EastTake(play="fail:1", amount=3), **again))[0] == "failed"
    assert (await desk.ask(EastTake(play="fail:1", amount=3), **again, attempt=2))[0] == "succeeded"
    assert effects(desk) == ((8, "s2", 1, 0, 3),)
    assert (await desk.ask(EastLook(play="hang:1")))[1] == {"seen": -3}
    undo = EastGiveBack(play="yes", amount=3)
    assert (await desk.ask(undo, **again, direction="undo"))[0] == "succeeded"
    assert effects(desk) == ((8, "s2", 1, 1, 0),)


async def test_a_later_round_takes_another_amount_instead(desk: Desk) -> None:
    """And an undo gives back what stands, whatever the amount has become."""
    here = {"saga": "8", "step": "s1"}
    await desk.ask(EastTake(play="yes", amount=3), **here)
    failed = await desk.ask(EastTake(play="never", amount=5), **here, round=2)
    assert failed[0] == "failed"
    assert effects(desk) == ((8, "s1", 1, 0, 3),)
    await desk.ask(EastTake(play="yes", amount=5), **here, round=2)
    assert effects(desk) == ((8, "s1", 2, 1, 5),)
    undo = EastGiveBack(play="yes", amount=9)
    assert await desk.ask(undo, **here, round=2, direction="undo") == ("succeeded", {"returned": 5})
    assert effects(desk) == ((8, "s1", 2, 2, 0),)


async def test_all_of_a_saga_is_taken_back_by_its_ticket(desk: Desk) -> None:
    """What stands of it, and of no other one; twice there is nothing left."""
    await desk.ask(EastTake(play="yes", amount=3), saga="8", step="s1")
    await desk.ask(EastTake(play="yes", amount=4), saga="8", step="s1", round=2)
    _, last = await desk.ask(EastTake(play="yes", amount=5), saga="8", step="s2")
    await desk.ask(EastTake(play="yes", amount=7), saga="9", step="s1")
    whole = EastTakeBack(play="yes", ticket=last["ticket"])
    for saga, returned in (("10", 9), ("11", 0)):
        undo = {"saga": saga, "step": "kid", "direction": "undo", "child": "errand"}
        assert await desk.ask(whole, **undo) == ("succeeded", {"returned": returned})
    assert effects(desk) == ((8, "s1", 2, 2, 0), (8, "s2", 1, 1, 0), (9, "s1", 1, 0, 7))


async def test_the_ledgers_read_effects_and_memories(tmp_path: Path) -> None:
    """What the books say and what the inbox remembers; a tombstone is neither done nor undone."""
    with closing(Desk(east, tmp_path)) as desk:
        await desk.ask(EastTake(play="yes", amount=3), saga="5", step="s1")
        await desk.ask(EastGiveBack(play="yes", amount=3), saga="6", step="s1", direction="undo")
    with closing(Ledgers(PLAYING, {"chaos-east": tmp_path / "chaos-east.db"})) as ledgers:
        assert ledgers.played == {5: {"s1": (1, 0)}}
        assert ledgers.standing == {5: {"s1": 3}}
        assert ledgers.stored(5) == {"s1": (1, 0)}
        assert ledgers.stored(6) == {"s1": (0, 0)}
        assert not ledgers.unbalanced


async def test_an_account_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    """An effect without its row, or the other way round."""
    with closing(Desk(east, tmp_path)) as desk:
        await desk.ask(EastTake(play="yes", amount=3), saga="5", step="s1")
        desk.db.execute("UPDATE account SET balance = balance - 1")
    with closing(Ledgers(PLAYING, {"chaos-east": tmp_path / "chaos-east.db"})) as ledgers:
        assert len(ledgers.unbalanced) == 1


def charged(saga: int, order: int) -> list[Transition]:
    """The log of a saga that charged an order."""
    data = {"order_id": order, "user_id": 9, "amount": 100, "currency": "EUR"}
    sent = Sent("pay", "do", 1, 1, 9, "ChargePayment", "payment.commands", data)
    undo = Sent("pay", "undo", 1, 1, 9, "RefundPayment", "payment.commands", {"order_id": order})
    return [Transition(saga, 1, 1, "x", (sent,)), Transition(saga, 2, 2, "y", (undo,))]


def test_books_that_the_same_work_would_not_make_are_found(tmp_path: Path) -> None:
    """A charge too many or too few, though the accounts balance either way."""
    with (
        closing(Replayed(app, ["payment"], tmp_path / "model")) as model,
        closing(Replayed(app, ["payment"], tmp_path / "found")) as found,
    ):
        for made in (model, found):
            made.saga(charged(1, 1), {"pay": (1, 0)})
            made.saga(charged(2, 2), {"pay": (1, 1)})
            made.saga(charged(3, 3), {"pay": (0, 0)})
        assert not list(model.compared("payment", found.books("payment")))
        found.saga(charged(4, 4), {"pay": (1, 0)})
        assert len(list(model.compared("payment", found.books("payment")))) == 2
        assert all(check.expected == check.found for check in found.books("payment").checks)
