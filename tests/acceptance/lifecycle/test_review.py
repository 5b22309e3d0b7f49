"""Reviewed by a person both ways, and the deadline before and after the pivot."""

from tests.acceptance.conftest import Saga
from tests.acceptance.lifecycle.shop import payments
from tests.acceptance.lifecycles import OPTIONS, Orders, reference


def test_a_person_approves_and_that_time_does_not_count(person: tuple[Saga, Orders]) -> None:
    saga, orders = person
    order = reference()
    begun = saga.json("order", "start", order)
    orders.at(order, "review", "waiting")
    # longer than the deadline: two other orders run into theirs meanwhile
    late = reference("payment")
    orders.start(late)
    orders.at(late, "review", "waiting")
    assert orders.tell(late, "review", {"approved": True, "reviewed_by": "bob"}).status_code == 202
    watched = saga.run("order", "watch", late)
    assert (watched.code, "deadline exceeded" in watched.err) == (1, True), watched
    failed = orders.look(late)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "deadline_exceeded")
    assert failed["error"]["reason"] == "deadline exceeded"
    turned = next(
        line for line in orders.history(late, "status") if line["data"]["to"] == "failing"
    )
    (settled,) = [
        line for line in orders.history(late, "step") if line["data"]["phase"] == "unknown"
    ]
    assert turned["id"] < settled["id"], "failing from its deadline on, whatever is in flight"
    assert turned["data"]["reason"] == "deadline exceeded"
    assert payments(saga, late) == [], "what hung was never done, and is undone all the same"
    assert orders.look(order)["current_step"] == "review"
    told = saga.json("order", "review", order, "--approve", "--by", "bob")
    assert (told["outcome"], told["workflow_id"]) == ("applied", begun["workflow_id"])
    assert orders.end(order)["status"] == "completed"


def test_a_person_rejects_and_what_was_done_is_undone(person: tuple[Saga, Orders]) -> None:
    saga, orders = person
    order = reference()
    orders.start(order)
    early = orders.tell(order, "review", {"approved": False, "reviewed_by": "bob"})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "#/reason")
    orders.at(order, "review", "waiting")
    told = saga.run("order", "review", order, "--reject", "--by", "bob", "--reason", "fraud")
    assert told.code == 0, told
    ended = orders.end(order)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "rejected")
    assert "fraud" in ended["error"]["reason"]
    again = orders.tell(order, "review", {"approved": True, "reviewed_by": "bob"})
    assert (again.status_code, payments(saga, order)) == (409, [])


def test_while_it_waits_for_a_person_it_can_be_moved_and_cancelled_by_the_command_line(
    person: tuple[Saga, Orders],
) -> None:
    saga, orders = person
    order = reference()
    saga.json("order", "start", order)
    orders.stands(order, "review")
    assert saga.json("order", "update-address", order, *OPTIONS["update-address"])["outcome"] == (
        "applied"
    )
    assert orders.look(order)["address"]["city"] == "Basel"
    assert saga.json("order", "cancel", order, *OPTIONS["cancel"])["outcome"] == "applied"
    watched = saga.run("order", "watch", order)
    assert (watched.code, orders.look(order)["status"]) == (0, "cancelled")


def test_past_the_pivot_the_deadline_makes_it_late_and_undoes_nothing(
    person: tuple[Saga, Orders],
) -> None:
    saga, orders = person
    order = reference("dispatch")
    orders.start(order)
    orders.at(order, "review", "waiting")
    orders.tell(order, "review", {"approved": True, "reviewed_by": "bob"})
    ended = orders.end(order)
    assert (ended["status"], ended["error"], ended["late"]) == ("completed", None, True)
    assert payments(saga, order) == ["charged"]
