"""What is drawn from a seed: definitions that hold, starts and blows that come again."""

from itertools import pairwise
from random import Random
from types import ModuleType
from typing import Any

import pytest

from contracts.chaos import Script
from orchestrator.chaos.blows import APART_S, blows
from orchestrator.chaos.plays import fails, refuses, script, succeeds
from orchestrator.chaos.shapes import KID, SIDES, Drawn, Waiting, draw
from orchestrator.chaos.starts import Start, Starts
from orchestrator.chaos.text import MODULE, source
from orchestrator.definition import Application, Saga
from orchestrator.definition.compiling.children import kind_of
from orchestrator.definition.nodes import Parallel, Wait
from orchestrator.definition.tree import steps_of

SEEDS = range(30)


def application(seed: int) -> ModuleType:
    """The module that a run with this seed writes."""
    module = ModuleType(MODULE)
    exec(source(seed, draw(seed), "sagas:app"), module.__dict__)  # pylint: disable=exec-used
    return module


def starts(seed: int, count: int) -> list[Start]:
    """The first starts of a run."""
    drawn = Starts(seed, draw(seed), "base", lambda number, failing: {"n": number, "f": failing})
    return [drawn.nth(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_text_is_what_was_drawn(seed: int) -> None:
    """The builder checks each definition; its steps are the drawn ones."""
    module = application(seed)
    app = vars(module)["app"]
    assert isinstance(app, Application)
    assert set(SIDES.values()) < set(app.services)
    for one in draw(seed):
        saga: Saga = getattr(module, one.name.replace("-", "_"))
        assert f"{MODULE}:{one.name.replace('-', '_')}" in app.sagas
        same(one, saga)
        assert list(saga.children) == ([KID] if one.errand else [])
        for name, child in saga.children.items():
            assert one.errand is not None
            assert kind_of(child) == one.errand.kind, name
            same(one.errand.saga, child)


def same(one: Drawn, saga: Saga) -> None:
    """Its steps, its wait, and what it takes are as drawn."""
    leaves = {leaf.name: leaf for leaf in steps_of(saga.definition.body)}
    for leaf in leaves.values():
        if isinstance(leaf, Wait):
            assert one.wait == Waiting(leaf.name, leaf.timeout_ms, leaf.expires)
        elif not leaf.child:
            shape = one.steps[leaf.name]
            assert (leaf.kind, leaf.timeout_ms) == (shape.kind, shape.timeout_ms)
            assert leaf.retry.attempts == shape.attempts
    assert len(leaves) == len(one.steps) + bool(one.wait) + bool(one.errand)
    assert [change.redo for change in saga.definition.changes or ()] == [one.redo] * bool(one.redo)
    assert (saga.definition.deadline_ms or 0) == one.deadline_s * 1_000


def test_every_run_has_all_there_is() -> None:
    """Whatever the seed: waits, changes, deadlines, children of both kinds."""
    for seed in SEEDS:
        drawn = draw(seed)
        assert {one.errand.kind for one in drawn if one.errand} == {"pivot", "compensatable"}
        assert any(one.wait for one in drawn)
        assert any(one.deadline_s for one in drawn)
        assert any(one.redo == KID for one in drawn)
    assert any(one.redo not in ("", KID) for seed in SEEDS for one in draw(seed))
    ends = {one.wait.expires for seed in SEEDS for one in draw(seed) if one.wait}
    assert ends == {"done", "refused"}


def test_all_kinds_and_shapes_are_drawn() -> None:
    """Every kind of step, and branches of several steps."""
    drawn = [one for seed in SEEDS for one in draw(seed)]
    kinds = {step.kind for one in drawn for step in one.steps.values()}
    assert kinds == {"read", "compensatable", "pivot", "retriable"}
    modules = [application(seed) for seed in range(5)]
    nodes = [
        node
        for seed, module in enumerate(modules)
        for one in draw(seed)
        for node in getattr(module, one.name.replace("-", "_")).definition.body
    ]
    assert any(isinstance(n, Parallel) and any(len(b) > 1 for b in n.branches) for n in nodes)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    """Definitions, starts and blows."""
    assert draw(7) == draw(7) != draw(8)
    assert starts(7, 50) == starts(7, 50) != starts(8, 50)
    assert list(blows(7, 600, ["a"], ["b"])) == list(blows(7, 600, ["a"], ["b"]))


def test_every_script_is_an_input_and_every_kind_of_play_comes() -> None:
    """The services understand every script."""
    made = [one for one in starts(1, 3_000) if one.definition != "base"]
    plays: set[str] = set()
    for one in made:
        given = Script.model_validate(dict(one.input))
        plays |= {str(play).partition(":")[0] for play in given.model_dump().values()}
    assert {"yes", "no", "never", "fail", "hang", "hang-no"} <= plays
    assert len({one.key for one in starts(1, 500)}) == 500
    assert any(one.again_after is not None for one in made)


def test_what_must_work_is_never_told_not_to() -> None:
    """Past the point of no return nobody would ever answer."""
    for one in (one for seed in SEEDS for one in draw(seed)):
        given: dict[str, Any] = script(one, Random(one.name))
        for name, step in one.steps.items():
            play = str(given.get(f"do_{name}", "yes"))
            if step.must or step.kind == "retriable":
                assert succeeds(play, step.attempts)
            if step.kind == "pivot":
                assert succeeds(play, 0) or refuses(play)


def test_what_customers_say() -> None:
    """Every signal, of a kind that the saga takes; some of it twice, contradicting, or late."""
    made = starts(1, 2_000)
    spoken = [one for start in made for one in start.said]
    assert {one.signal for one in spoken} == {"approve", "reprice", "cancel"}
    assert len({one.id for one in spoken}) == len(spoken)
    assert any(one.again_after is not None for one in spoken)
    assert any(one.after > 5 for one in spoken)
    takes = {one.name: one for one in draw(1)}
    for start in made:
        for one in start.said:
            drawn = takes[start.definition]
            assert one.signal != "approve" or drawn.wait
            assert one.signal != "reprice" or drawn.redo
    answers = {
        start.key: {one.data["approved"] for one in start.said if one.signal == "approve"}
        for start in made
    }
    assert {True, False} in answers.values()


def test_a_child_never_waits_for_a_person() -> None:
    """The saga that has begun it would wait for ever."""
    for start in starts(3, 2_000):
        assert not any(
            name.startswith("kid_undo") and refuses(str(play)) for name, play in start.input.items()
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_where_anybody_is_struck_the_broker_is(seed: int) -> None:
    """Two minutes are few blows: one of them is always the broker."""
    kinds = [blow.kind for blow in blows(seed, 115, ["one", "two"], ["s"])]
    assert "broker" in kinds


def test_blows_come_every_5_to_30_s_and_of_every_kind() -> None:
    """Within an hour all there is."""
    struck = list(blows(1, 3_600, ["one", "two"], ["s"]))
    times = sorted({blow.at for blow in struck})
    gaps = [after - before for before, after in pairwise([0.0, *times])]
    assert min(gaps) >= APART_S[0] and max(gaps) <= APART_S[1]
    assert {blow.kind for blow in struck} == {"orchestrator", "service", "broker", "freeze"}
    assert len(times) < len(struck)  # sometimes two at once
    assert times[-1] < 3_600


@pytest.mark.parametrize(
    ("play", "within_3", "at_all", "refused"),
    [
        ("yes", True, True, False),
        ("hang:500", True, True, False),
        ("fail:2", True, True, False),
        ("fail:3", False, True, False),
        ("never", False, False, False),
        ("no", False, False, True),
        ("hang-no:500", False, False, True),
    ],
)
def test_what_a_play_can_come_to(play: str, within_3: bool, at_all: bool, refused: bool) -> None:
    """Within three attempts, within any number, and whether it is refused."""
    assert (succeeds(play, 3), succeeds(play, 0), refuses(play)) == (within_3, at_all, refused)


def test_which_attempt_fails() -> None:
    """Counted from 1."""
    assert [fails("fail:2", attempt) for attempt in (1, 2, 3)] == [True, True, False]
    assert fails("never", 99) and not fails("yes", 1)
