"""How the result of a check looks."""

from rich.console import Group
from rich.text import Text

from orchestrator.verify.result import CheckResult, agreement
from orchestrator.verify.timeline import Told, as_text


def check_view(found: CheckResult) -> Group:
    """What was explored and what holds, or the shortest timeline of what does not."""
    adversities = "adversity" if found.depth == 1 else "adversities"
    lines = [
        Text.assemble((f"{found.definition} ({found.version}) ", "bold"), _verdict(found)),
        Text(
            f"explored: {found.states:,} situations, {found.moves:,} moves;"
            f" at most {found.depth} {adversities} on a path"
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


def _verdict(found: CheckResult) -> tuple[str, str]:
    if found.violation:
        return f"BROKEN: {found.violation.law}", "bold red"
    if not found.exhausted:
        return f"NOT EXHAUSTED: more than {found.budget:,} situations", "bold yellow"
    return "holds", "bold green"


def again_view(told: Told) -> Text:
    """The path as a timeline, and where it ends."""
    return Text(f"{as_text(told)}\n\nends: {told.status}")
