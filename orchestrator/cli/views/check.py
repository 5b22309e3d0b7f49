"""How the result of a check looks."""

from rich.console import Group
from rich.text import Text

from orchestrator.verify.result import CheckResult, agreement
from orchestrator.verify.timeline import Told, as_text


def check_view(found: CheckResult) -> Group:
    """What was explored and what holds, or the shortest timeline of what does not."""
    lines = [
        Text.assemble((f"{found.definition} ({found.version}) ", "bold"), _verdict(found)),
        Text(
            f"explored: {found.states:,} situations, {found.moves:,} moves;"
            f" {_adversities(found.depth)}"
        ),
    ]
    if found.violation:
        broken = found.violation
        lines += [
            Text(f"\n{broken.timeline}\n"),
            Text(f"again: saga check {found.definition} --again {broken.path}"),
        ]
    else:
        lines.append(Text(agreement(found)))
    return Group(*lines)


def summary(found: CheckResult) -> Text:
    """The result of a quick check in a line, and the command that tells and explores more."""
    if not found.violation and not found.exhausted:
        return Text.assemble(
            "check: ",
            (f"too large for a quick one, more than {found.budget:,} situations", "bold yellow"),
            f"; all of them: saga check {found.definition}",
        )
    return Text.assemble(
        "check: ",
        _verdict(found),
        f"; {found.states:,} situations, {_adversities(found.depth)};"
        f" more: saga check {found.definition}",
    )


def _adversities(depth: int) -> str:
    return f"at most {depth} {'adversity' if depth == 1 else 'adversities'} on a path"


def _verdict(found: CheckResult) -> tuple[str, str]:
    if found.violation:
        return f"BROKEN: {found.violation.law}", "bold red"
    if not found.exhausted:
        return f"NOT EXHAUSTED: more than {found.budget:,} situations", "bold yellow"
    return "holds", "bold green"


def again_view(told: Told) -> Text:
    """The path as a timeline, and where it ends."""
    return Text(f"{as_text(told)}\n\nends: {told.status}")
