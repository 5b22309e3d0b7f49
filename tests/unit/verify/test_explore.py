"""The exploration itself: its bound, what it leaves out, its progress, and the paths it gives."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.definition.nodes import Call, Definition, Retry
from orchestrator.verify.adversities import ADVERSITIES, adversities
from orchestrator.verify.at_start import checked_at_start
from orchestrator.verify.canonical import Canonical, Key
from orchestrator.verify.errors import NoSuchPath
from orchestrator.verify.explore import Bound, Progress, explore
from orchestrator.verify.laws import DECIDED, WHOLE
from orchestrator.verify.move import Move
from orchestrator.verify.moves import OUTCOMES, outcomes
from orchestrator.verify.result import agreement, result
from orchestrator.verify.subject import Subject
from orchestrator.verify.timeline import again, as_text, written
from orchestrator.verify.world import World
from tests.unit.verify.lifecycles import CHANGE, DECIDES, WAIT
from tests.world import definition, parallel, step

SMALL = definition(step("a"), parallel(step("b"), step("c")), step("p", "pivot"))
ONCE = Retry(attempts=1, initial_ms=1, maximum_ms=1)
FOREVER = Retry(attempts=0)


@pytest.mark.parametrize("depth", [0, 1])
def test_more_adversities_reach_more(depth: int) -> None:
    here, further = explore(SMALL, Bound(depth)), explore(SMALL, Bound(depth + 1))
    assert here.holds
    assert further.holds
    assert here.states < further.states
    assert here.rows and len(here.rows) == len(further.rows) == len(here.subject.rows)


def test_over_the_budget_is_not_a_pass() -> None:
    explored = explore(SMALL, Bound(2, 100))
    assert explored.violation is None
    assert not explored.exhausted
    assert not explored.holds
    assert "so far" in agreement(result(explored))


def test_exchanging_like_branches_changes_no_verdict() -> None:
    folded, exact = explore(SMALL, Bound(1)), explore(SMALL, Bound(1, exact=True))
    assert folded.holds
    assert exact.holds
    assert folded.states < exact.states
    assert len(folded.rows) == len(exact.rows)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({}, True),
        ({"refusals": {}}, False),
        ({"kind": "read", "undo": None}, False),
        ({"retry": ONCE}, False),
        ({"undo_retry": ONCE}, False),
        ({"do": Call("Doc", "t.commands", {"order": "a.order"})}, False),
    ],
)
def test_only_like_branches_are_exchanged(other: dict[str, Any], alike: bool) -> None:
    first = step("a", do=Call("Doa", "t.commands", {}, ("order",)))
    subject = Subject(definition(first, parallel(step("b"), step("c", **other))))
    canonical = Canonical(subject.plan)
    keys: list[Key] = []
    for name in "bc":
        world = World(subject)
        for move in (Move("start"), Move("succeeds", "a"), Move("succeeds", name)):
            OUTCOMES[move.verb][0](world, move)
        keys.append(canonical.key(world, world, ()))
    assert keys[0] != keys[1]
    assert (canonical.folded(keys[0]) == canonical.folded(keys[1])) == alike


def test_it_says_how_far_it_is() -> None:
    seen: list[Progress] = []
    explored = explore(SMALL, Bound(2), seen.append)
    assert seen[0].done == 0
    assert [p.states for p in seen] == sorted(p.states for p in seen)
    assert seen[-1].moves <= explored.moves


@pytest.mark.parametrize(
    "subject",
    [
        definition(step("a", retry=FOREVER)),
        definition(step("a", undo_retry=FOREVER), step("b", retry=ONCE)),
        definition(step("a"), step("p", "pivot", retry=FOREVER), step("r", "retriable")),
        definition(step("a", "read"), parallel(step("r", "retriable"), step("s", "retriable"))),
        definition(parallel((step("a"), step("b")), (step("c"), parallel(step("d"), step("e"))))),
    ],
)
def test_every_kind_of_policy_and_shape(subject: Definition) -> None:
    assert explore(subject, Bound(1)).holds


def test_a_field_that_nothing_fills() -> None:
    """The builder refuses such a definition; one that came another way is found here."""
    wrong = step("b", do=Call("Dob", "t.commands", {"order": "a.order"}))
    found = explore(definition(step("a"), wrong), Bound(0)).violation
    assert found is not None
    assert found.law == DECIDED
    assert "KeyError: 'order'" in found.why
    assert written(found.path) == "start,succeeds:a"


def test_a_definition_that_fails_and_leaves_something_behind() -> None:
    """The rules refuse it too: what is never undone must not come before what may fail."""
    found = explore(definition(step("a", "retriable"), step("b")), Bound(0)).violation
    assert found is not None
    assert found.law == WHOLE
    assert "what a did is left" in found.why


def test_ten_steps_with_two_parallels() -> None:
    branches = [parallel(*(step(f"{p}{n}") for n in range(3))) for p in "bc"]
    ends = (step("y", "pivot"), step("z", "retriable"))
    body = (step("a"), branches[0], step("m"), branches[1], *ends)
    explored = explore(definition(*body), Bound(1))
    assert len(explored.subject.names) == 10
    assert explored.holds


def test_every_verb_happens_somewhere() -> None:
    """None is there in vain, and every one can be told."""
    seen = set[str]()
    timed = replace(SMALL, deadline_ms=1_000)
    worlds = [World(Subject(SMALL))]
    for path in (
        "start",
        "start,succeeds:a,succeeds:b,refuses:c:no,refuses:b:refused",
        "start,succeeds:a,times-out:b",
        "start,succeeds:a,succeeds:b,succeeds:c,silent:p,retry:p",
        "start,silent:a,times-out:a,again:a",
        "start,cancel",
        "start,deadline",
        "start,deadline:all",
    ):
        worlds.append(played(timed, path))
    for subject, path in (
        (WAIT, "start,succeeds:a"),
        (WAIT, "start,succeeds:a,yes:w"),
        (CHANGE, "start"),
        (DECIDES, "start,succeeds:a,cancel"),
        (DECIDES, "start,succeeds:a,cancel,applies:c"),
        (DECIDES, "start,succeeds:a,cancel,parks:c:answer,resume"),
    ):
        worlds.append(played(subject, path))
    for world in worlds:
        seen |= {move.verb for move in (*outcomes(world), *adversities(world))}
    assert seen == {*OUTCOMES, *ADVERSITIES}


def played(subject: Definition, path: str) -> World:
    """Where a path leads; it can be told."""
    told = again(subject, path)
    assert told.violation is None
    assert as_text(told)
    world = World(Subject(subject))
    for name in path.split(","):
        possible = {str(m): m for m in (*outcomes(world), *adversities(world))}
        move = possible[name]
        {**OUTCOMES, **ADVERSITIES}[move.verb][0](world, move)
    return world


def test_the_late_command_after_its_undo_is_refused_by_its_tombstone() -> None:
    told = again(SMALL, "start,silent:a,succeeds:a,late:a:do.1")
    assert told.violation is None
    assert told.status == "failed"
    assert "a command reaches a late" in as_text(told)
    assert "ignored" in as_text(told)


@pytest.mark.parametrize("path", ["nonsense", "start,start", "start,refuses:a:maybe", "crash"])
def test_a_path_that_is_not_possible(path: str) -> None:
    with pytest.raises(NoSuchPath, match="cannot happen here; this can: "):
        again(SMALL, path)


def test_at_the_start_of_a_process() -> None:
    small, large = checked_at_start([SMALL, SMALL], 10_000), checked_at_start([SMALL], 50)
    assert [explored.holds for explored in small] == [True, True]
    assert [explored.exhausted for explored in large] == [False]
    assert large[0].violation is None
