"""The compensation table, compiled from the definition."""

from itertools import product

import pytest
from msgspec.structs import replace

from orchestrator.definition import parallel, pivot, retriable, sequence
from orchestrator.definition.table import Action, Row, Table, compensation_table
from orchestrator.definition.table.outcomes import MOST
from orchestrator.definition.table.text import as_markdown, as_text, cells, header, stopping
from sagas.order_cancellation import order_cancellation
from sagas.order_fulfillment import order_fulfillment
from tests.unit.definition.language import (
    CITY,
    FLIGHT,
    HOTEL,
    BookFlight,
    BookHotel,
    ReleaseHotel,
    compensatable,
    trip,
)
from tests.world import definition, step, wait
from tests.world import parallel as together

DESIGN = """
| product | payment | inventory | shipping | order | the orchestrator's actions |
|---|---|---|---|---|---|
| success | success | success | success | completed | |
| not found | | | | failed, 404 | none: nothing was done |
| success | failed | success | success | failed | restore inventory, cancel shipping |
| success | success | failed | success | failed | refund payment, cancel shipping |
| success | success | success | failed | failed | refund payment, restore inventory |
"""

UNDO = {"payment": "RefundPayment", "inventory": "RestoreStock", "shipping": "CancelShipment"}
BRANCHES = tuple(UNDO)
ORDER = compensation_table(order_fulfillment.definition)


def fails(table: Table) -> list[tuple[str, ...]]:
    return [row.failing for row in table.rows if row.definite]


def test_it_begins_with_the_table_of_the_design() -> None:
    lines = as_markdown(ORDER, "order").splitlines()
    wanted = DESIGN.strip().splitlines()
    assert lines[0] == wanted[0]
    assert lines[2 : len(wanted)] == wanted[2:]


def test_then_two_and_three_fail() -> None:
    assert fails(ORDER)[5:] == [
        ("payment", "inventory"),
        ("payment", "shipping"),
        ("inventory", "shipping"),
        ("payment", "inventory", "shipping"),
    ]
    words = [cells(ORDER, row)[-2:] for row in ORDER.rows[5:9]]
    assert words == [
        ["failed", "cancel shipping"],
        ["failed", "restore inventory"],
        ["failed", "refund payment"],
        ["failed, 409", "none: nothing was done"],
    ]


def test_every_combination_has_one_row() -> None:
    """All 29: success and two failures of product, three outcomes of each of the three branches."""
    found = [tuple(row.outcomes.values()) for row in ORDER.rows]
    assert len(set(found)) == len(found)
    early = {("refused", "", "", ""), ("unknown", "", "", "")}
    late = {("success", *rest) for rest in product(("success", "refused", "unknown"), repeat=3)}
    assert set(found) == early | late
    assert ORDER.complete


@pytest.mark.parametrize("row", ORDER.rows, ids=lambda row: "-".join(row.outcomes.values()))
def test_what_was_perhaps_done_is_undone(row: Row) -> None:
    failed = row.failing
    assert (row.result == "failed") == bool(failed)
    owed = [name for name in BRANCHES if failed and row.outcomes[name] in ("success", "unknown")]
    assert row.actions == tuple(Action(name, UNDO[name]) for name in owed)


def test_statuses() -> None:
    assert ORDER.rows[0].statuses == ()
    assert ORDER.rows[1].statuses == (404,)
    unknown = ORDER.row({"product": "unknown"})
    assert unknown
    assert unknown.statuses == (504,)
    both = ORDER.row(
        {"product": "success", "payment": "refused", "inventory": "unknown", "shipping": "success"}
    )
    assert both
    assert both.statuses == (409, 504)


def test_a_row_that_cannot_be() -> None:
    assert ORDER.row({"payment": "success"}) is None


def test_order_cancellation() -> None:
    table = compensation_table(order_cancellation.definition)
    until = "else an operator decides"
    assert [cells(table, row) for row in table.rows] == [
        ["success", "success", "success", "success", "completed", ""],
        ["failed", "", "", "", "failed", "none: nothing was done"],
        ["success", "failed", "", "", "failed", "abandon order"],
        ["no answer", "", "", "", "failed", "abandon order"],
        [
            *("success", "no answer", "", "", "needs operator"),
            f"ask shipping until its outcome is known; {until}",
        ],
        [
            *("success", "success", "no answer", "", "needs operator"),
            f"ask inventory until it works; {until}",
        ],
        [
            *("success", "success", "success", "no answer", "needs operator"),
            f"ask payment until it works; {until}",
        ],
    ]


def test_undo_goes_backwards() -> None:
    card = compensatable("card", BookFlight, undo=ReleaseHotel)
    table = compensation_table(trip(HOTEL, FLIGHT, card).definition)
    row = table.row({"hotel": "success", "flight": "success", "card": "refused"})
    assert row
    assert [action.step for action in row.actions] == ["flight", "hotel"]


def test_a_branch_may_have_stopped_on_its_way() -> None:
    card = compensatable("card", BookFlight, undo=ReleaseHotel)
    table = compensation_table(trip(parallel(sequence(HOTEL, card), FLIGHT)).definition)
    row = table.row({"hotel": "success", "card": "", "flight": "refused"})
    assert row
    assert [action.step for action in row.actions] == ["hotel"]
    # Nothing stops a branch but the failure of another one.
    assert table.row({"hotel": "success", "card": "", "flight": "success"}) is None
    full = table.row({"hotel": "success", "card": "success", "flight": "refused"})
    assert full
    assert [action.step for action in full.actions] == ["card", "hotel"]


def test_past_the_pivot_nothing_is_undone() -> None:
    table = compensation_table(
        trip(HOTEL, pivot("pay", BookFlight), CITY, retriable("post", BookHotel)).definition
    )
    after = [row for row in table.rows if row.outcomes["pay"] == "success"]
    assert {row.result for row in after} == {"completed", "needs_operator"}
    assert not [row for row in after if row.actions]
    refused = table.row({"hotel": "success", "pay": "refused"})
    unknown = table.row({"hotel": "success", "pay": "unknown"})
    assert refused
    assert unknown
    assert (refused.result, unknown.result) == ("failed", "needs_operator")


def test_retriables_in_parallel_do_not_stop_each_other() -> None:
    one, other = retriable("a", BookFlight), retriable("b", BookHotel)
    more = retriable("c", BookFlight)
    table = compensation_table(trip(parallel(sequence(one, more), other)).definition)
    row = table.row({"a": "success", "c": "success", "b": "unknown"})
    assert row
    assert row.result == "needs_operator"
    assert table.row({"a": "success", "c": "", "b": "unknown"}) is None


def test_a_command_without_refusals_is_never_refused() -> None:
    definition = trip(compensatable("hotel", ReleaseHotel, undo=ReleaseHotel)).definition
    outcomes = [row.outcomes["hotel"] for row in compensation_table(definition).rows]
    assert outcomes == ["success", "unknown"]


def test_of_too_many_combinations_one_failure_each_is_listed() -> None:
    branches = [compensatable(f"hotel{n}", BookHotel, undo=ReleaseHotel) for n in range(8)]
    table = compensation_table(trip(parallel(*branches)).definition)
    assert 3 ** len(branches) > MOST
    assert not table.complete
    assert len(table.rows) == 1 + 2 * len(branches)
    assert max(len(row.failing) for row in table.rows) == 1
    for row in table.rows:
        came = list(row.outcomes.values())
        assert came.count("success") + len(row.failing) == len(branches)
    fewer = compensation_table(trip(parallel(*branches[1:])).definition)
    assert fewer.complete
    assert len(fewer.rows) == 3 ** len(branches[1:])


def test_text_stands_in_columns() -> None:
    first, *lines = as_text(ORDER, "order").splitlines()
    assert first.split("  ")[0] == header(ORDER)[0]
    assert len(lines) == len(ORDER.rows)
    at = first.index("order")
    assert {line[at - 2 : at] for line in lines} == {"  "}


def test_until_when_a_cancel_is_applied_and_what_the_deadline_does() -> None:
    assert stopping(ORDER) == [
        "cancelled before its end: what was done is undone, failed, 409; refused later"
    ]
    timed = replace(definition(step("a"), step("p", "pivot")), deadline_ms=1_500)
    assert stopping(compensation_table(timed)) == [
        "cancelled before p: what was done is undone, failed, 409; refused later",
        "at its deadline (1.5 s): what was done is undone, failed, 504; from p on it is late,"
        " and goes on",
    ]


def test_a_wait_that_begins_a_branch_is_dropped_when_its_sibling_fails() -> None:
    """It was only waited for, so it never came to an outcome: a row of its own."""
    table = compensation_table(definition(together(wait("w"), step("b"))))
    row = table.row({"b": "refused"})
    assert row is not None
    assert (row.outcomes["w"], row.result) == ("", "failed")


def test_of_two_waits_only_one_is_refused() -> None:
    """The first refusal turns the saga, and the other is not waited for any more."""
    table = compensation_table(definition(together(wait("v"), wait("w"))))
    assert table.row({"v": "refused", "w": "success"}) is not None
    assert table.row({"v": "refused"}) is not None
    assert table.row({"v": "refused", "w": "refused"}) is None
