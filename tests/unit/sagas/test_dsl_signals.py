"""given / expect about waits, sagas within sagas, and signals that change data."""

import re
from collections.abc import Callable

import pytest

from orchestrator.definition import child, saga, wait
from orchestrator.testing import Scenario, given
from tests.unit.definition.journey import (
    DEPARTURE,
    DIVERT,
    LOOK,
    PACK,
    TELL,
    TOUR,
    Approval,
    Divert,
    Diverted,
    Journey,
    JourneyEvent,
    Knock,
    Leave,
    Left,
    Look,
    Nothing,
    Pack,
    Packed,
    Unpack,
    journey,
    trek,
)

START = Journey(traveller="ann", city="Oslo")
YES = Approval(approved=True, days=5)
BERGEN = Divert(new_city="Bergen")


def touring() -> Scenario:
    return given(TOUR).start(START).expect(Look).reply(Nothing()).expect_nothing()


def departing() -> Scenario:
    return touring().signal(YES, by="bob").expect(DEPARTURE)


def test_a_tour_that_is_approved_and_completed() -> None:
    (
        touring()
        .expect_waiting("approval")
        .signal(YES, by="bob", reason="why not")
        .expect_applied()
        .expect(Journey(traveller="ann", city="Oslo", days=5))
        .expect_waiting()
        .reply(Left(bag=7))
        .expect(Look(city="Oslo"))
        .reply(Nothing(), to="tell")
        .expect_completed()
        .expect_event(JourneyEvent(traveller="ann"))
    )


def test_who_says_no_rejects_it() -> None:
    touring().signal(Approval(approved=False), by="bob", reason="rain").expect_failed(
        code="rejected", status=409, reason="rejected by bob: rain"
    )


def test_the_time_of_a_wait_is_over() -> None:
    touring().after(seconds=59.9).expect_waiting("approval").wait().expect_failed(code="rejected")
    calm = journey(wait("x", Knock, timeout=5, expires="done"), LOOK)
    given(calm).start(START).expect_nothing().wait().expect(Look)


def test_a_signal_that_comes_too_early_or_too_late_is_refused() -> None:
    early = given(TOUR).start(START).signal(YES)
    early.expect_refused("approval is not waited for yet")
    departing().signal(YES).expect_refused("approval has been decided already")
    touring().signal(Knock()).expect_refused("tour takes no signal knock")


def test_the_same_signal_is_one() -> None:
    departing().signal(YES, id="s-1").signal(YES, id="s-1").expect_nothing()


def test_a_saga_within_it_that_fails_is_its_failure() -> None:
    departing().refuse("departure", "no_seat", "all taken").expect_failed(
        code="no_seat", status=410, reason="all taken", undone=()
    )


def test_a_cancel_is_for_the_saga_within_it_to_decide() -> None:
    held = departing().cancel("rain", by="bob").expect_held("departure")
    held.decide("departure", "there is no way back any more").expect_refused("no way back")
    held.expect_running()
    stopped = departing().cancel("rain").decide("departure").expect_applied()
    stopped.expect_stopped().refuse("departure", "cancelled").expect_failed(code="cancelled")


def test_a_saga_within_it_that_can_be_undone_is_stopped() -> None:
    written = journey(child("x", trek(PACK), undo=Unpack))
    (
        given(written)
        .start(START)
        .expect(Journey)
        .cancel()
        .expect_stopped("x")
        .complete("x")
        .expect(Unpack)
        .reply(Nothing())
        .expect_failed(code="cancelled", undone=["x"])
    )


def test_data_change_until_they_are_used() -> None:
    (
        touring()
        .signal(BERGEN, by="bob", reason="sun")
        .expect_applied()
        .expect_event(
            Diverted(traveller="ann", city="Bergen", new_city="Bergen", by="bob", reason="sun")
        )
        .signal(YES)
        .expect(Journey(traveller="ann", city="Bergen", days=5))
        .signal(Divert(new_city="Rome"))
        .expect_held("departure")
        .decide("departure")
        .expect_applied()
        .reply(Left(bag=1))
        .expect(Look(city="Rome"))
        .signal(BERGEN)
        .expect_refused("too late")
    )


def test_while_it_is_in_flight_a_step_is_done_again() -> None:
    written = saga("packing", input=Journey).takes(DIVERT).then(PACK, LOOK).ends()
    (
        given(written)
        .start(START)
        .expect(Pack(city="Oslo"))
        .signal(BERGEN)
        .expect_held("pack")
        .expect_nothing()
        .reply(Packed(bag=1))
        .expect_applied()
        .expect(Pack(city="Bergen"))
        .reply(Packed(bag=2))
        .expect(Look(city="Bergen"))
    )


def test_a_saga_that_is_out_is_asked_for_again() -> None:
    departing().crash().expect(DEPARTURE).after(seconds=31).expect(Journey)
    touring().crash().expect_nothing().expect_waiting("approval")


WRONG = [
    (lambda: touring().expect_waiting(), "expected none to wait, it is approval"),
    (lambda: touring().expect_waiting("look"), "expected look to wait, it is approval"),
    (lambda: touring().expect_applied(), "expected a signal to be applied, none was decided"),
    (
        lambda: touring().signal(Knock()).expect_applied(),
        "expected the last signal to be applied, it was refused: tour takes no signal knock",
    ),
    (
        lambda: touring().expect_held("departure"),
        "expected a signal to be held for departure, held is none",
    ),
    (
        lambda: departing().expect_stopped("departure"),
        "expected departure to be told to stop, it is none",
    ),
    (lambda: departing().decide("departure"), "no signal is handed on to departure"),
    (lambda: departing().decide("look"), "look is no saga, it is the command Look"),
    (
        lambda: departing().complete("departure"),
        "departure returns Left: write .reply(...)",
    ),
    (
        lambda: departing().fail("departure"),
        "the saga departure ends: write .refuse('departure', ...)",
    ),
    (
        lambda: departing().refuse("departure", "no_car"),
        "departure declares no refusal 'no_car', it declares too_heavy, no_seat, invalid_input, "
        "no_answer, cancelled, deadline_exceeded",
    ),
    (
        lambda: touring().signal(YES).expect(Leave),
        "expected Leave(...), sent departure(traveller='ann', city='Oslo', days=5)",
    ),
    (
        lambda: touring().signal(YES).expect(trek(TELL)),
        "expected the saga trek, sent departure(traveller='ann', city='Oslo', days=5)",
    ),
    (
        lambda: touring().signal(YES).expect(START),
        "expected Journey(traveller='ann', city='Oslo', days=1), "
        "sent departure(traveller='ann', city='Oslo', days=5)",
    ),
    (
        lambda: given(TOUR).start(START).expect(TOUR),
        "expected the saga tour, sent Look(city='Oslo')",
    ),
    (
        lambda: given(TOUR).signal(YES),
        "the saga has not been started: call .start(...) first",
    ),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_what_does_not_hold_is_said(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(f"tour: {said}")):
        wrong()
