"""How moving sagas to another version looks."""

from collections import Counter
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.cli.views.deploy import report_view

SHOWN = 10


def moves_view(found: Any) -> Group:
    """The check of exactly these sagas, and what was done or would be."""
    parts: list[RenderableType] = [report_view(found.report), Text("")]
    where = f"{found.definition} {found.version}"
    if not found.sagas and not found.left:
        parts.append(Text(f"no open saga to move to {where}"))
    elif not found.sagas:
        parts.append(Text(f"no saga can be moved to {where}{_left(found)}"))
    elif not found.asked:
        said = f"nothing was changed; {len(found.sagas):,} sagas would be moved to {where}"
        parts.append(Text(f"{said}{_left(found)}: --yes --reason ... does it"))
    else:
        counts = Counter(one.outcome for one in found.moved)
        said = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items()))
        parts.append(Text(f"to {where}: {said}{_left(found)}"))
        refused = [one for one in found.moved if one.outcome != "moved"]
        parts += [Text(f"  saga {one.saga}: {one.outcome} {one.why}") for one in refused[:SHOWN]]
        if len(refused) > SHOWN:
            parts.append(Text("  ... (all of them: --json)"))
    return Group(*parts)


def _left(found: Any) -> str:
    return f", {len(found.left):,} could not continue and are left" if found.left else ""
