"""How a check of a new version looks."""

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestrator.deploy.report import Held, Reason, Report

_WHEN = {
    "moved": "if moved",
    "unmoved": "as it is",
    "waiting": "what waits",
}
_FINISH = (
    "Sagas finish on the version that they started on. What is said of `if moved` holds for"
    " `saga deploy move`; `as it is` and `what waits` hold as soon as the new contracts are in use."
)


def report_view(found: Report) -> Group:
    """The verdict in a line, the definitions, and why, grouped by reason."""
    parts: list[RenderableType] = [Text(verdict(found), style=_style(found))]
    if found.definitions:
        parts += [Text(""), _definitions(found.definitions)]
    if found.reasons:
        parts += [Text(""), _reasons(found.reasons), Text(""), Text(_FINISH, style="dim")]
    parts.append(Text(looked_at(found), style="dim"))
    return Group(*parts)


def verdict(found: Report) -> str:
    """`12 of 340 open sagas would behave differently, 3 could not continue`."""
    if not found.open:
        said = "no open sagas"
    elif not found.different and not found.stuck:
        them = "the one open saga" if found.open == 1 else f"all {found.open:,} open sagas"
        said = f"{them} would go on as before"
    else:
        different = f"{found.different:,} of {found.open:,} open sagas would behave differently"
        said = f"{different}, {found.stuck:,} could not continue"
    if found.refused:
        said += f"; {found.refused:,} starts that wait would be refused"
    return said + (", because" if found.reasons else "")


def _style(found: Report) -> str:
    if not found.passes:
        return "bold red"
    return "bold yellow" if found.different else "bold green"


def _definitions(held: list[Held]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("definition", "new version", "runs on"):
        table.add_column(title, overflow="fold")
    for title in ("open", "as before", "differently", "could not"):
        table.add_column(title, justify="right")
    for one in held:
        versions = ", ".join(
            f"{version} ({count:,})" for version, count in sorted(one.versions.items())
        )
        table.add_row(
            one.definition,
            one.version or "not defined any more",
            versions,
            *(f"{count:,}" for count in (one.open, one.same, one.different, one.stuck)),
        )
    return table


def _reasons(reasons: list[Reason]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("when", no_wrap=True)
    table.add_column("because", overflow="fold")
    table.add_column("sagas", justify="right")
    table.add_column("such as", overflow="fold")
    for one in reasons:
        style, word = ("red", "could not") if one.verdict == "stuck" else ("yellow", "differently")
        table.add_row(
            f"[{style}]{word}[/]",
            _WHEN[one.when],
            escape(f"{one.definition}: {one.text}"),
            f"{one.count:,}",
            ", ".join(map(str, one.examples)),
        )
    return table


def looked_at(found: Report) -> str:
    """What the verdict rests on."""
    if found.not_read:
        said = f"messages that wait were not read: {found.not_read}"
    else:
        cut = [t for t in found.waiting if t.read < t.waiting]
        read = f"{sum(t.read for t in found.waiting):,} messages that wait were read"
        more = "; not all of " + ", ".join(f"{t.name} ({t.read:,} of {t.waiting:,})" for t in cut)
        said = read + (more if cut else "")
    if found.cut:
        said += f"; of {found.cut:,} sagas more may follow than was looked at"
    return f"{said}. {found.file}"
