"""The picture of a saga: every node of its definition, and how each stands, there and back."""

from collections.abc import Callable

from orchestrator.admin.ui.looks import BACK, FORWARD, STATUS
from orchestrator.admin.ui.picture import Card, Fork, Painter, Part, leaves
from orchestrator.admin.ui.undoing import undoing
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import Phase, State, Status
from tests.unit.admin.backend import FakeBackend
from tests.unit.admin.orders import order


def cards(parts: tuple[Part, ...]) -> dict[str, Card]:
    found: dict[str, Card] = {}
    for part in parts:
        if isinstance(part, Fork):
            for branch in part.branches:
                found |= cards(branch)
        else:
            found[part.name] = part
    return found


def painted(backend: FakeBackend, saga: int) -> dict[str, Card]:
    state = backend.reader.state(saga)
    assert isinstance(state, State)
    back = undoing(Plan(order.definition), state, backend.clock.now_ms())
    return cards(Painter(order.definition, state, back).picture())


def words(found: dict[str, Card]) -> dict[str, tuple[str, str]]:
    """The words of every card: forward and, where there is an undo, back."""
    return {n: (c.do.mark.word, c.undo.mark.word if c.undo else "") for n, c in found.items()}


def test_every_state_has_a_word_and_a_look_of_its_own() -> None:
    assert set(STATUS) == set(Status.__args__)
    assert set(FORWARD) == set(BACK) == set(Phase.__args__)
    for table in (STATUS, FORWARD, BACK):
        assert len({mark.word for mark in table.values()}) == len(table)


def test_a_definition_alone_is_a_picture_too() -> None:
    found = Painter(order.definition).picture()
    assert [part.name if isinstance(part, Card) else "fork" for part in found] == [
        "product",
        "review",
        "fork",
        "shipping",
        "ship",
    ]
    assert [leaf.name for leaf in leaves(order.definition.body)] == list(cards(found))
    assert cards(found)["payment"].do.service == "payment"
    assert cards(found)["review"].note.startswith("for the signal review from a person; after 1 d")
    assert all(card.do.mark.word == "" for card in cards(found).values())


async def test_what_is_under_way_and_what_would_be_undone(
    backend: FakeBackend, ordered: Callable
) -> None:
    found = words(painted(backend, await ordered(payment="")))
    assert found == {
        "product": ("done", ""),
        "review": ("done", ""),
        "payment": ("under way", "would be undone in turn 1"),
        "inventory": ("done", "would be undone in turn 1"),
        "shipping": ("not yet", ""),
        "ship": ("not yet", ""),
    }


async def test_a_saga_that_has_turned(backend: FakeBackend, ordered: Callable) -> None:
    saga = await ordered(payment="refused", undo_inventory="")
    found = painted(backend, saga)
    assert words(found) == {
        "product": ("done", ""),
        "review": ("done", ""),
        "payment": ("refused", ""),
        "inventory": ("done", "being undone"),
        "shipping": ("never asked", ""),
        "ship": ("never asked", ""),
    }
    assert found["payment"].do.at is not None
    assert found["payment"].do.at.error == "there is none"


async def test_a_wait_that_was_answered_with_no(backend: FakeBackend, ordered: Callable) -> None:
    found = words(painted(backend, await ordered(approved=False)))
    assert found["review"] == ("refused", "")
    assert found["payment"] == ("never asked", "")
