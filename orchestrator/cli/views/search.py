"""What a search for policies looks like."""

import json

from rich.console import RenderableType
from rich.text import Text

from orchestrator.cli.views.shares import headed, percent, seconds, shared, table_of
from orchestrator.simulate.report import Found, Search


def search_view(found: Search) -> list[RenderableType]:
    """What each set of knobs can do, and the settings that reach the target."""
    title = f"which knobs reach {percent(found.target)}, turned for all steps together"
    table = table_of("knobs", "in time, at best", "reached", "what is then in the way")
    for one in found.tries:
        reached = "[green]yes[/]" if one.reached else "no"
        table.add_row(" + ".join(one.knobs), percent(one.in_time), reached, one.in_the_way)
    shown: list[RenderableType] = [headed(title, table)]
    for one in found.found:
        shown += [Text(), _found(one)]
    if not found.found:
        told = f"No turning of these knobs reaches {percent(found.target)}."
        shown.append(Text(told, style="bold"))
    return shown


def _found(one: Found) -> RenderableType:
    title = f"{' + '.join(one.knobs)}: in time {shared(one.confirmed)}, with other luck"
    table = table_of("step", "timeout", "attempts", "first pause", "coefficient")
    for step in one.settings:
        table.add_row(
            f"{step.saga}: {step.step}",
            _turned(seconds(step.timeout), seconds(step.was["timeout"])),
            _turned(f"{step.attempts}", f"{step.was['attempts']:g}"),
            _turned(seconds(step.pause), seconds(step.was["pause"])),
            _turned(f"{step.coefficient:g}", f"{step.was['coefficient']:g}"),
        )
    return headed(title, table)


def overrides_of(found: Search) -> list[str]:
    """The settings as lines for a shell: not for rich, which would break them."""
    return [f"SAGA_OVERRIDES='{json.dumps(one.overrides)}'" for one in found.found]


def _turned(now: str, was: str) -> str:
    return now if now == was else f"{now} [dim](was {was})[/]"
