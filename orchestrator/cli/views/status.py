"""How the versions that run look."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.admin.times import clock
from orchestrator.cli.views.rollout import rule_words


def status_view(found: Sequence[Any]) -> RenderableType:
    """A table of versions, the rules in force, and how it came to them."""
    if not found:
        return Text("no definition stands in the log yet")
    table = Table(box=None, pad_edge=False)
    for title in ("definition", "version"):
        table.add_column(title)
    table.add_column("open sagas", justify="right")
    for one in found:
        for version in one.versions:
            table.add_row(one.definition, version.version, f"{version.open:,}")
    parts: list[RenderableType] = [table, Text("")]
    for one in found:
        parts += [Text(line) for line in _rules(one)]
    return Group(*parts)


def _rules(one: Any) -> list[str]:
    words = [rule_words(msgspec.to_builtins(rule)) for rule in one.rules]
    if not words:
        words = ["new sagas get the version of the program that starts them"]
    lines = [f"{one.definition}: {word}" for word in words]
    if one.pending:
        lines.append(
            f"  the latest rule is not yet in partition {', '.join(map(str, one.pending))}"
        )
    for rule in one.history:
        told = rule_words(msgspec.to_builtins(rule))
        lines.append(f"  {clock(rule.at)} UTC, {rule.by} ({rule.reason}): {told}")
    return lines
