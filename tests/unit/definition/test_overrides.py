"""Times and retries of a saga that settings change."""

import json
import re
from pathlib import Path

from msgspec.structs import replace

from orchestrator.definition import Saga, child, parallel, wait
from orchestrator.definition.catalogue import Catalogue
from orchestrator.definition.nodes import Retry, Step, Wait
from orchestrator.definition.overrides import all_overridden, overridden
from orchestrator.definition.tree import steps_of
from sagas.order_lifecycle import order_lifecycle
from sagas.shipping import shipping
from tests.unit.definition.journey import (
    DEPARTURE,
    LOOK,
    PACK,
    TOUR,
    Approval,
    Knock,
    Unpack,
    journey,
    trek,
)


def step_of(saga: Saga, name: str) -> Step:
    step = next(one for one in steps_of(saga.definition.body) if one.name == name)
    assert isinstance(step, Step)
    return step


def wait_of(saga: Saga) -> Wait:
    return next(one for one in steps_of(saga.definition.body) if isinstance(one, Wait))


def test_nothing_given_changes_nothing() -> None:
    assert overridden(TOUR, {}) == TOUR
    assert overridden(TOUR, {"deadline": 90, "steps": {"look": {"timeout": 10}}}) == TOUR


def test_the_deadline() -> None:
    changed = overridden(TOUR, {"deadline": 15})
    assert changed.definition == replace(TOUR.definition, deadline_ms=15_000)
    assert changed.version != TOUR.version
    assert overridden(journey(LOOK), {"deadline": 1}).definition.time_ms == 1_000
    assert overridden(TOUR, {"deadline": None}).definition.time_ms == 0


def test_the_times_of_a_step() -> None:
    retry = {"attempts": 5, "initial": 0.5, "maximum": 20, "coefficient": 3}
    given = {"pack": {"timeout": 3, "retry": retry, "undo": {"timeout": 7, "retry": retry}}}
    changed = overridden(DEPARTURE, {"steps": given})
    wanted = Retry(5, 500, 20_000, 3.0)
    assert step_of(changed, "pack") == replace(
        step_of(DEPARTURE, "pack"),
        timeout_ms=3_000,
        retry=wanted,
        undo_timeout_ms=7_000,
        undo_retry=wanted,
    )
    assert step_of(changed, "leave") == step_of(DEPARTURE, "leave")


def test_of_a_retry_what_is_left_out_stays() -> None:
    changed = overridden(DEPARTURE, {"steps": {"leave": {"retry": {"attempts": 0}}}})
    assert step_of(changed, "leave").retry == Retry(0, 1_000, 60_000, 2.0)


def test_a_step_in_a_parallel() -> None:
    changed = overridden(journey(parallel(PACK, LOOK)), {"steps": {"look": {"timeout": 1}}})
    assert step_of(changed, "look").timeout_ms == 1_000


def test_a_wait_for_a_person() -> None:
    written = journey(
        wait("x", Approval, accepts="approved", timeout=2, expires="done", data={"approved": True})
    )
    assert wait_of(overridden(written, {"steps": {"x": {"person": True}}})) == replace(
        wait_of(written), person=True, timeout_ms=86_400_000, expires="refused", data={}
    )
    kept = wait_of(
        overridden(written, {"steps": {"x": {"person": True, "timeout": 5, "expires": "done"}}})
    )
    assert kept == replace(wait_of(written), person=True, timeout_ms=5_000)


def test_a_wait_that_is_for_a_person_already_keeps_its_time() -> None:
    written = journey(wait("x", Knock, timeout=7, person=True))
    assert overridden(written, {"steps": {"x": {"person": True}}}) == written
    calm = wait_of(overridden(written, {"steps": {"x": {"person": False}}}))
    assert (calm.person, calm.timeout_ms) == (False, 7_000)


def test_a_wait_that_is_done_at_its_end() -> None:
    given = {"x": {"expires": "done", "data": {"approved": True}}}
    changed = wait_of(overridden(journey(wait("x", Approval, timeout=7)), {"steps": given}))
    assert changed.data == {"approved": True, "days": 3}
    assert changed.refusals == {}
    again = wait_of(
        overridden(
            overridden(journey(wait("x", Approval, timeout=7)), {"steps": given}),
            {"steps": {"x": {"data": {"approved": True, "days": 9}}}},
        )
    )
    assert again.data == {"approved": True, "days": 9}
    knock = {"steps": {"x": {"expires": "done"}}}
    assert wait_of(overridden(journey(wait("x", Knock, timeout=7)), knock)).data == {}


def test_the_time_of_a_wait_without_a_signal() -> None:
    changed = overridden(journey(wait("x", timeout=7)), {"steps": {"x": {"timeout": 1}}})
    assert wait_of(changed).timeout_ms == 1_000


def test_a_child_has_its_overrides_under_its_own_name() -> None:
    given = {"departure": {"deadline": 3}, "tour": {"steps": {"departure": {"timeout": 9}}}}
    tour, departure = all_overridden([TOUR, DEPARTURE], given)
    assert departure.definition.time_ms == 3_000
    assert step_of(tour, "departure").timeout_ms == 9_000
    assert tour.signals == TOUR.signals
    # The parent was written with the child as it was, and works with the child as it is.
    assert Catalogue([tour, departure]).names() == ["tour", "departure"]


def test_a_child_whose_wait_is_for_a_person_now() -> None:
    calm = trek(wait("w", Knock, timeout=1, expires="done"))
    parent = journey(child("x", calm))
    changed = overridden(calm, {"steps": {"w": {"person": True}}})
    assert wait_of(changed).refusals.keys() <= step_of(parent, "x").refusals.keys()
    Catalogue([parent, changed])


def test_a_child_that_can_be_undone_has_an_undo_to_change() -> None:
    written = journey(child("x", trek(PACK), undo=Unpack))
    changed = overridden(written, {"steps": {"x": {"undo": {"timeout": 1}}}})
    assert step_of(changed, "x").undo_timeout_ms == 1_000


def test_the_example_of_the_guide() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide.md").read_text("utf-8")
    written = re.search(r"`SAGA_OVERRIDES`:\n\n```json\n(.*?)```", guide, re.DOTALL)
    assert written
    lifecycle, _ = all_overridden([order_lifecycle, shipping], json.loads(written[1]))
    assert lifecycle.definition.time_ms == 20_000
    assert step_of(lifecycle, "payment").retry.attempts == 5
    assert wait_of(lifecycle) == replace(
        wait_of(order_lifecycle), person=True, timeout_ms=86_400_000, expires="refused", data={}
    )
