"""How the examination of a participant is shown."""

from typing import Final

from rich.text import Text

from orchestrator.conformance.report import Report, Result, Status

_STYLES: Final[dict[Status, str]] = {"passed": "green", "failed": "red", "skipped": "yellow"}
INDENT: Final = " " * 9


def line(result: Result) -> Text:
    """One check: its name and rule, and what else there is to say of it."""
    shown = Text()
    shown.append(f"{result.status:<9}", _STYLES[result.status])
    shown.append(f"{result.name:<16} ", "bold")
    shown.append(result.rule)
    if result.status == "failed":
        shown.append(f"\n{INDENT}expected  {result.expected}")
        shown.append(f"\n{INDENT}found     {result.found}")
    elif result.status == "skipped":
        shown.append(f"\n{INDENT}because   {result.why}", "dim")
    return shown


def view(report: Report) -> Text:
    """The count at the end."""
    counts = ", ".join(f"{len(report.named(s))} {s}" for s in _STYLES)
    left = ""
    if report.standing:
        left = f"\n{report.standing} effects of the examples are left: nothing undid them"
    return Text(f"\n{report.topic} on {report.broker}: {counts}{left}")
