"""The model of a chaos run says no to everything that must not be."""

import msgspec
import pytest

from orchestrator.chaos import effects, legal
from orchestrator.chaos.retrace import retrace
from orchestrator.chaos.shapes import Drawn, Shape
from orchestrator.engine.facts import Completed, Faulted, Succeeded, Transition
from orchestrator.engine.inputs import Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from tests.world import World, definition, parallel, step

DRAWN = Drawn(
    "test",
    tuple(
        Shape(name, kind, "East", 1_000, attempts, 50)
        for name, kind, attempts in (
            ("s1", "compensatable", 2),
            ("s2", "compensatable", 2),
            ("s3", "pivot", 0),
        )
    ),
)
STEPS = {"s1": True, "s2": True, "s3": True}


def world() -> World:
    """A saga of the same steps."""
    made = World(Plan(definition(step("s1"), parallel(step("s2")), step("s3", "pivot"))))
    made.start()
    return made


def played(**outcomes: str) -> World:
    """A saga in which the named steps answer so, and all others succeed."""
    made = world()
    for _ in range(20):
        if not made.commands:
            break
        command = made.commands.pop(0)
        word = f"undo_{command.step}" if command.direction == "undo" else command.step
        made.take(made.handle(command, outcomes.get(word, "succeeded")))
    return made


def state_of(made: World) -> State:
    """Its state."""
    assert made.state is not None
    return made.state


def wrong(made: World, **given: str) -> list[str]:
    """What the model has against its end, with these plays."""
    return list(legal.end(DRAWN, given, state_of(made)))


def test_ends_that_the_plays_allow() -> None:
    """Completed, failed, and one that waits for a person."""
    assert not wrong(played())
    assert not wrong(played(s2="refused"), do_s2="no")
    # given up without an answer, as a kill may do to any step that may be given up
    assert not wrong(played(s2="refused"))
    assert not wrong(played(s2="refused", undo_s1="refused"), do_s2="no", undo_s1="no")


def test_completed_though_a_step_cannot_succeed() -> None:
    """Never, and not within the attempts of the policy."""
    assert wrong(played(), do_s2="never") == ["completed, though s2 cannot succeed"]
    assert wrong(played(), do_s1="fail:2") == ["completed, though s1 cannot succeed"]


def test_a_person_is_waited_for_only_where_an_undo_is_refused_for_ever() -> None:
    """Here the seed says nothing of the kind."""
    made = played(s2="refused", undo_s1="refused")
    assert wrong(made, do_s2="no") == [
        "waits for an operator because of undo of s1, which must work"
    ]


def test_an_open_saga_is_not_at_an_end() -> None:
    """It was only started."""
    assert wrong(world()) == ["not at an end: running"]


def found_wrong(made: World, **found: tuple[int, int]) -> list[str]:
    """What the model has against these effects."""
    return list(effects.differences(STEPS, state_of(made), effects.rounds(made.log), found))


def test_completed_is_everything_once() -> None:
    """Neither twice, nor undone, nor left out."""
    made = played()
    assert not found_wrong(made, s1=(1, 0), s2=(1, 0), s3=(1, 0))
    assert len(found_wrong(made, s1=(2, 0), s2=(1, 0), s3=(1, 0))) == 1
    assert len(found_wrong(made, s1=(1, 1), s2=(1, 0), s3=(1, 0))) == 1
    assert len(found_wrong(made, s1=(1, 0), s2=(1, 0))) == 1


def test_failed_is_nothing_left() -> None:
    """Done once and undone once, or not at all."""
    made = played(s2="refused")
    assert not found_wrong(made, s1=(1, 1))
    assert len(found_wrong(made, s1=(1, 0))) == 1
    assert len(found_wrong(made, s1=(1, 2))) == 1
    assert len(found_wrong(made, s1=(2, 2))) == 1
    assert len(found_wrong(made, s1=(1, 1), s2=(1, 1))) == 1  # it was refused: nothing was done
    assert len(found_wrong(made, s1=(1, 1), s3=(1, 0))) == 1  # it was never asked


def test_what_is_owed_stands() -> None:
    """The undo was refused."""
    made = played(s2="refused", undo_s1="refused")
    assert not found_wrong(made, s1=(1, 0))
    assert len(found_wrong(made, s1=(1, 1))) == 1


def test_answers_that_nobody_can_have_given() -> None:
    """The plays say what can be answered."""
    log = played(s2="refused").log
    assert not list(legal.answers(DRAWN, {"do_s2": "no"}, log))
    assert list(legal.answers(DRAWN, {}, log)) == ["do of s2 was refused, and was to go 'yes'"]
    assert len(list(legal.answers(DRAWN, {"do_s1": "never", "do_s2": "no"}, log))) == 1
    fault = Faulted("s1", "do", 3, "failed", f"{legal.PLAYED} so", 0)
    transition = Transition(1, 2, 1, "x", (fault,))
    assert list(legal.answers(DRAWN, {"do_s1": "fail:2"}, [transition]))
    assert not list(legal.answers(DRAWN, {"do_s1": "fail:3"}, [transition]))


@pytest.mark.parametrize("outcomes", [{}, {"s2": "refused"}, {"s1": "failed"}, {"s3": "failed"}])
def test_a_log_of_the_engine_is_decided_again_the_same(outcomes: dict[str, str]) -> None:
    """With refusals, failures and timeouts."""
    made = played(**outcomes)
    for _ in range(6):
        if made.state is None or not made.state.wake_at:
            break
        made.at = made.state.wake_at
        made.take(Wake("wake", made.at))
    found = retrace(made.plan, made.log)
    assert not found.differences
    assert found.state == made.state


def test_a_log_that_the_engine_would_not_write_is_found() -> None:
    """Whatever is taken out of a log, put into it or changed in it."""
    made = played(s2="refused")
    for index, transition in enumerate(made.log):
        without = made.log[:index] + made.log[index + 1 :]
        assert index == len(made.log) - 1 or retrace(made.plan, without).differences
        fewer = msgspec.structs.replace(transition, facts=(*transition.facts, Completed()))
        assert retrace(made.plan, [*made.log[:index], fewer]).differences
    stranger = Transition(1024, 2, 1_000, "x", (Succeeded("s3", "do", {}),))
    assert retrace(made.plan, [made.log[0], stranger]).differences
