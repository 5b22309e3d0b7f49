"""The tests that `saga check --write-tests` writes: they are there, they run, and they can fail."""

import subprocess
import sys
import types
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from msgspec.structs import replace as altered
from pydantic import Field

from contracts.messages import Command, Message, Reply
from orchestrator.definition import RetryPolicy, Saga, compensatable, parallel, read, saga
from orchestrator.definition.nodes import Retry
from orchestrator.verify.errors import NoExample
from orchestrator.verify.examples import as_python, example
from orchestrator.verify.write_tests import suite_of
from sagas.order_cancellation import order_cancellation
from sagas.order_fulfillment import order_fulfillment
from sagas.order_lifecycle import order_lifecycle
from sagas.shipping import shipping

ROOT = Path(__file__).resolve().parents[3]
OURS = [
    (order_fulfillment, "sagas.order_fulfillment:order_fulfillment", 5 * 4 + 3),
    (order_cancellation, "sagas.order_cancellation:order_cancellation", 5 * 4 + 1),
]

NEW = [
    (order_lifecycle, "sagas.order_lifecycle:order_lifecycle", 42),
    (shipping, "sagas.shipping:shipping", 13),
]
"""With waits, a child and changes; and a child."""


def run(text: str) -> int:
    """Run every test of a module; returns how many there were."""
    names: dict[str, Any] = {}
    exec(compile(text, "written", "exec"), names)  # pylint: disable=exec-used  # what was written
    tests = [value for name, value in names.items() if name.startswith("test_")]
    for test in tests:
        test()
    return len(tests)


@pytest.mark.parametrize(("ours", "place", "count"), OURS, ids=lambda v: getattr(v, "name", ""))
def test_every_case_of_every_step_is_written_and_passes(ours: Saga, place: str, count: int) -> None:
    text = suite_of(ours, place)
    assert run(text) == count
    for step in ("shipping", "payment"):
        for kind in ("crash", "duplicate", "reorder", "timeout", "cancel"):
            assert f"def test_{kind}_of_{step}() " in text
    assert "def test_failed_undo_of_" in text


def test_what_is_written_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    text = suite_of(*OURS[0][:2])
    monkeypatch.setattr(Retry, "exhausted", lambda retry, attempt: attempt >= 2)
    with pytest.raises(AssertionError):
        run(text)


@pytest.mark.parametrize(("ours", "place", "count"), NEW, ids=lambda v: getattr(v, "name", ""))
def test_the_cases_of_waits_children_and_changes(ours: Saga, place: str, count: int) -> None:
    text = suite_of(ours, place)
    assert run(text) == count
    wanted = {
        "order-lifecycle": "yes_of_review no_of_review end_of_time_of_review too_early_of_review "
        "too_late_of_review asked_again_of_shipping refused_cancel_of_shipping "
        "failure_of_shipping change_before_of_shipping change_during_of_shipping",
        "shipping": "change_during_of_prepare change_after_of_prepare",
    }
    for case in wanted[ours.name].split():
        assert f"def test_{case}() " in text


@pytest.mark.parametrize(
    ("ours", "place", "count"), [*OURS, *NEW], ids=lambda v: getattr(v, "name", "")
)
def test_it_is_written_as_our_linters_want_it(
    ours: Saga, place: str, count: int, tmp_path: Path
) -> None:
    assert count
    file = tmp_path / "test_written.py"
    file.write_text(suite_of(ours, place), encoding="utf-8")
    config = ("--config", str(ROOT / "pyproject.toml"))
    for command in (["black", "--check", "-q"], ["ruff", "check", "-q"]):
        subprocess.run([sys.executable, "-m", *command, *config, str(file)], check=True)


class Size(StrEnum):
    LARGE = "large"


class Held(Reply):
    on: date
    size: Size
    parts: list[str]


class Lines(Message):
    text: Annotated[str, Field(min_length=9)]


class Hold(Command):
    service = "hold"
    reply = Held
    refusals: ClassVar = {"no": 409}

    lines: list[Lines]
    note: Annotated[str, Field(examples=["a note"])]
    more: str = ""


class Odd(Message):
    even: Annotated[int, Field(multiple_of=2, gt=10)]


def test_examples_are_made_from_contracts() -> None:
    held, hold = example(Held), example(Hold)
    assert as_python(held, 0) == 'Held(on="2026-01-09", size="large", parts=[])'
    assert "Lines(text=" in as_python(hold)
    assert 'note="a note"' in as_python(hold)
    assert "more" not in as_python(hold)


def test_where_no_example_can_be_made_the_field_is_named() -> None:
    with pytest.raises(NoExample, match=r"Odd\.even .* Field\(examples="):
        example(Odd)


def test_a_deadline_that_comes_first_is_written_as_it_is() -> None:
    """Steps are asked for thirty seconds, and the saga has five."""
    definition = altered(order_fulfillment.definition, deadline_ms=5_000)
    timed = replace(order_fulfillment, definition=definition)
    text = suite_of(timed, "tests.nowhere:timed")
    assert 'expect_failed(code="deadline_exceeded", status=504' in text
    ours = types.ModuleType("tests.nowhere")
    vars(ours)["timed"] = timed
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tests.nowhere", ours)
        assert run(text) == text.count("def test_")


def test_policies_with_one_attempt_and_without_end() -> None:
    class Answer(Reply):
        pass

    class Ask(Command):
        service = "ask"
        reply = Answer
        refusals: ClassVar = {"no": 409}

    forever, once = RetryPolicy(attempts=0), RetryPolicy(attempts=1)
    made = (
        saga("policies", input=Lines)
        .then(read("first", Ask, retry=once))
        .then(parallel(*(compensatable(n, Ask, undo=Ask, retry=forever) for n in ("b", "c"))))
        .ends()
    )
    text = suite_of(made, "tests.nowhere:made")
    assert text.count("def test_") == 5 * 3 + 2
