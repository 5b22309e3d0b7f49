"""What people read: every fact has its words, and nothing a user wrote is taken for markup."""

from typing import Any, get_args

import pytest
from rich.console import Console, RenderableType

from orchestrator.admin.times import offset
from orchestrator.admin.told import told
from orchestrator.cli.views.sagas import list_view, saga_view
from orchestrator.cli.views.timeline import timeline
from orchestrator.engine import facts as f

EXAMPLES: tuple[f.Fact, ...] = (
    f.Started("orders", "v1", 1, "key", {}),
    f.Sent("a", "do", 1, 2, 0, "DoA", "t", {}),
    f.Waited("a", 7, person=True),
    f.Succeeded("a", "do", {}),
    f.Refused("a", "do", "no", "because", 409),
    f.Faulted("a", "do", 1, "timeout", "no answer", 7),
    f.Failing("a", "no", "because", 409),
    f.Late("a"),
    f.Compensating(("a", "b")),
    f.Stuck("a", "undo", "tired"),
    f.Repaired("retry", "a", "undo", "r1", "because", "me"),
    f.Signalled("cancel", "c1", "me", "because"),
    f.SignalRefused("cancel", "c2", "me", "because", "too late"),
    f.SignalHeld("cancel", "c3", "me", "because", "a", 1),
    f.Moved("v2", "m1", "a field less", "me"),
    f.MoveRefused("v2", "m2", "a field less", "me", "the step a is gone"),
    f.Halted("a", 1, "because"),
    f.Emitted("id", "Happened", "events", "k", {}),
    f.Completed(),
    f.Failed("no", "because", 409, ("a",), ("b",)),
    f.Parked("too large"),
    f.Ignored("late"),
)


SAGA: dict[str, Any] = {
    "id": 7,
    "definition": "order",
    "version": "v1",
    "key": "k",
    "state": "running",
    "late": False,
    "deadline": 1_700_000_015_000,
    "deadline_stands_still_since": None,
    "failure": None,
    "created_at": 1_700_000_000_000,
    "updated_at": 1_700_000_000_000,
    "steps": [],
    "waiting": [],
}


def shown(view: RenderableType) -> str:
    """What a view looks like, without colours."""
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def test_there_is_an_example_of_every_fact() -> None:
    assert {type(fact) for fact in EXAMPLES} == set(get_args(f.Fact))


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_every_fact_has_words_of_its_own(fact: f.Fact) -> None:
    assert told(fact)[1] not in ("", type(fact).__name__)


def test_a_timeline_counts_from_the_start() -> None:
    history = [f.Transition(1, n, 1_000 + n, "i", (fact,)) for n, fact in enumerate(EXAMPLES)]
    text = shown(timeline(history))
    assert text.count("\n") == len(EXAMPLES) + 1
    assert "+0 ms" in text
    assert "+16 ms" in text


def test_a_timeline_of_nothing_is_empty() -> None:
    assert shown(timeline([])).count("\n") == 1


def test_markup_of_a_user_is_shown_and_not_obeyed() -> None:
    fact = f.Refused("a", "do", "no", "[red]stop[/red] [/]", 409)
    assert "[red]stop[/red] [/]" in shown(timeline([f.Transition(1, 1, 0, "i", (fact,))]))


def test_a_page_says_how_to_get_the_next_one() -> None:
    saga = {
        "id": 7,
        "definition": "d",
        "state": "failed",
        "updated_at": 0,
        "key": "[b]k",
        "failure": None,
    }
    assert "--after 7" in shown(list_view({"items": [saga], "next": "/sagas?after=7"}))
    assert "--after" not in shown(list_view({"items": [saga], "next": None}))
    assert "[b]k" in shown(list_view({"items": [saga], "next": None}))
    assert shown(list_view({"items": [], "next": None})) == "no saga is like that\n"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "+0 ms"),
        (999, "+999 ms"),
        (1_500, "+1.5 s"),
        (61_000, "+1 min"),
        (7_500_000, "+2 h 5 min"),
    ],
)
def test_durations(ms: int, text: str) -> None:
    assert offset(ms) == text


def test_a_deadline_is_a_time_or_what_is_left_of_it_while_a_person_is_waited_for() -> None:
    assert "deadline     2023-11-14 22:13:35 UTC" in shown(saga_view(SAGA))
    waited_for = {**SAGA, "deadline_stands_still_since": SAGA["created_at"] + 3_000}
    assert "12 s are left; it stands still while a person" in shown(saga_view(waited_for))
