"""The compensation table for people: the words of its cells, as text and as markdown."""

import re
from collections.abc import Iterable
from itertools import zip_longest

from orchestrator.definition.table import Action, Column, Row, Table, Taken

ACTIONS = "the orchestrator's actions"


def header(table: Table, subject: str = "saga") -> list[str]:
    """The titles of the columns; ``subject`` is what the saga is about."""
    return [*(column.step for column in table.columns), subject, ACTIONS]


def cells(table: Table, row: Row) -> list[str]:
    """The words of one row."""
    steps = (_outcome(column, row.outcomes[column.step]) for column in table.columns)
    return [*steps, _result(row), _actions(table, row)]


def as_markdown(table: Table, subject: str = "saga") -> str:
    """The table in markdown."""
    titles = header(table, subject)
    lines = [titles, ["---"] * len(titles), *(cells(table, row) for row in table.rows)]
    return "\n".join(
        f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in line)}|" for line in lines
    )


def as_text(table: Table, subject: str = "saga") -> str:
    """The table in columns of plain text."""
    lines = [header(table, subject), *(cells(table, row) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip_longest(*lines, fillvalue="")]
    return "\n".join(_padded(line, widths) for line in lines)


def stopping(table: Table) -> list[str]:
    """What a cancel does, and the deadline where there is one: a line each."""
    until = table.committing[0] if table.committing else "its end"
    meanwhile = f"; while {until} runs, it decides" if until in _children(table) else ""
    lines = [
        f"cancelled before {until}: what was done is undone, failed, 409{meanwhile}; refused later"
    ]
    if table.deadline_ms:
        later = f"; from {until} on it is late, and goes on" if table.committing else ""
        if meanwhile:
            later = f"{meanwhile}; after that the saga is late, and goes on"
        time = _seconds(table.deadline_ms)
        lines.append(f"at its deadline ({time}): what was done is undone, failed, 504{later}")
    return lines


def signalling(table: Table) -> list[str]:
    """What each signal does that the saga takes beside the cancel: a line each."""
    return [_signal(one, _children(table)) for one in table.signals]


def _signal(one: Taken, children: Iterable[str]) -> str:
    if not one.changes:
        then = "it goes on without" if one.expires == "done" else "it is refused"
        answers = f"answers {one.step}" if one.step != one.signal else "is waited for"
        return f"{one.signal}: {answers}; after {_seconds(one.timeout_ms)} {then}"
    changed = f"{one.signal}: changes {', '.join(one.changes)} until {one.step} is commanded"
    if one.step in children:
        return f"{changed}; while {one.step} runs, it decides; refused later"
    return f"{changed}; while {one.step} is in flight held, then it is done again; refused later"


def _children(table: Table) -> list[str]:
    return [column.step for column in table.columns if column.kind == "child"]


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g} s"


def _padded(line: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _outcome(column: Column, outcome: str) -> str:
    if outcome == "unknown":
        return "no answer"
    if outcome != "refused":
        return outcome
    # What a read or a wait is refused with is its answer ("not found"); what has effects has
    # failed.
    if column.kind in ("read", "wait") and len(column.refusals) == 1:
        code = next(iter(column.refusals))
        return code.removeprefix(f"{column.step}_").replace("_", " ")
    return "failed"


def _result(row: Row) -> str:
    # Where nothing was done the refusal is all there is to say, so its status is shown.
    if row.result == "failed" and not row.actions and len(row.statuses) == 1:
        return f"failed, {row.statuses[0]}"
    return row.result.replace("_", " ")


def _actions(table: Table, row: Row) -> str:
    if row.result == "completed":
        return ""
    if row.result == "failed":
        return ", ".join(map(_action, row.actions)) or "none: nothing was done"
    pivots = {column.step for column in table.columns if column.kind == "pivot"}
    asked = [
        f"ask {name} until {'its outcome is known' if name in pivots else 'it works'}"
        for name in row.failing
    ]
    return f"{', '.join(asked)}; else an operator decides"


def _action(action: Action) -> str:
    verb = re.findall(r"[A-Z][a-z0-9]*|.+", action.command)[0].lower()
    return f"{verb} {action.step}"
