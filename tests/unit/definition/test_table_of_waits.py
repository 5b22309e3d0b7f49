"""The compensation table of sagas with waits, children and signals that change data."""

from contracts.messages import Signal
from orchestrator.definition import child, parallel, read, saga, sequence, wait
from orchestrator.definition.table import Column, Taken, compensation_table
from orchestrator.definition.table.text import cells, signalling, stopping
from tests.unit.definition.journey import (
    APPROVAL,
    DEPARTURE,
    DIVERT,
    LEAVE,
    LOOK,
    PACK,
    TELL,
    TOUR,
    Journey,
    Knock,
    Look,
    Unpack,
    journey,
    trek,
)

LOOKS = read("looks", Look)
TABLE = compensation_table(TOUR.definition)


def test_every_outcome_of_a_tour() -> None:
    gone = "none: nothing was done"
    assert [cells(TABLE, row) for row in TABLE.rows] == [
        ["success", "success", "success", "success", "completed", ""],
        ["unknown city", "", "", "", "failed, 404", gone],
        ["success", "rejected", "", "", "failed, 409", gone],
        ["success", "success", "failed", "", "failed", gone],
        [
            *("success", "success", "success", "failed", "needs operator"),
            "ask tell until it works; else an operator decides",
        ],
        ["no answer", "", "", "", "failed, 504", gone],
        [
            *("success", "success", "success", "no answer", "needs operator"),
            "ask tell until it works; else an operator decides",
        ],
    ]


def test_what_a_step_is_stands_in_its_column() -> None:
    assert [column.kind for column in TABLE.columns] == ["read", "wait", "child", "retriable"]
    assert TABLE.columns[1] == Column("approval", "wait", {"rejected": 409})


def test_the_statuses_of_a_child_are_those_with_which_it_may_fail() -> None:
    row = TABLE.row({"look": "success", "approval": "success", "departure": "refused"})
    assert row
    assert row.statuses == (409, 410, 422, 504)


def test_a_child_that_has_ended_is_undone_by_its_command() -> None:
    table = compensation_table(journey(child("x", trek(PACK), undo=Unpack), LEAVE).definition)
    row = table.row({"x": "success", "leave": "refused"})
    assert row
    assert [action.command for action in row.actions] == ["Unpack"]
    refused = table.row({"x": "refused"})
    assert refused
    assert refused.actions == ()
    assert table.row({"x": "unknown"}) is None


def test_a_wait_beside_a_step() -> None:
    table = compensation_table(journey(parallel(APPROVAL, PACK)).definition)
    row = table.row({"approval": "refused", "pack": "success"})
    assert row
    assert [action.step for action in row.actions] == ["pack"]
    assert table.row({"approval": "unknown", "pack": "success"}) is None


def test_a_wait_is_dropped_when_what_runs_beside_it_fails() -> None:
    table = compensation_table(
        journey(LOOK, parallel(sequence(APPROVAL, PACK), LOOKS), TELL).definition
    )
    row = table.row({"look": "success", "looks": "refused"})
    assert row
    assert (row.result, row.actions) == ("failed", ())
    # Nothing stops a wait but the failure of another branch.
    assert table.row({"look": "success", "looks": "success"}) is None
    everything = [tuple(row.outcomes.items()) for row in table.rows]
    assert len(set(everything)) == len(everything)


def test_a_wait_in_which_nobody_says_no_only_succeeds() -> None:
    table = compensation_table(journey(wait("x", timeout=5), LOOK).definition)
    assert {row.outcomes["x"] for row in table.rows} == {"success"}


def test_what_a_cancel_the_deadline_and_the_signals_do() -> None:
    assert stopping(TABLE) == [
        "cancelled before departure: what was done is undone, failed, 409; while departure runs, it"
        " decides; refused later",
        "at its deadline (90 s): what was done is undone, failed, 504; while departure runs, it"
        " decides; after that the saga is late, and goes on",
    ]
    assert TABLE.signals == (
        Taken("approval", "approval", (), 60_000, "refused"),
        Taken("divert", "departure", ("city",)),
    )
    assert signalling(TABLE) == [
        "approval: is waited for; after 60 s it is refused",
        "divert: changes city until departure is commanded; while departure runs, it decides;"
        " refused later",
    ]


def test_what_a_signal_does_to_a_step() -> None:
    class Gong(Signal):
        name = "gong"

    written = (
        saga("x", input=Journey)
        .takes(DIVERT)
        .then(wait("door", Knock, timeout=1.5, expires="done"), wait("gong", Gong, timeout=2), PACK)
        .ends()
    )
    table = compensation_table(written.definition)
    assert signalling(table) == [
        "knock: answers door; after 1.5 s it goes on without",
        "gong: is waited for; after 2 s it is refused",
        "divert: changes city until pack is commanded; while pack is in flight held, then it is"
        " done again; refused later",
    ]
    assert stopping(compensation_table(DEPARTURE.definition)) == [
        "cancelled before leave: what was done is undone, failed, 409; refused later"
    ]
