"""How the figures of the HTTP benchmark are shown."""

from typing import Any, Final

from rich.table import Table

Facts = dict[str, Any]
_COLUMNS: Final = ("requests", "p50_ms", "p95_ms", "p99_ms", "max_ms")


def view(facts: Facts) -> Table:
    """A row for each kind of request, its target beside it."""
    most = facts["maximum_per_s"]
    found = f"half of {most:g}" if most else "as asked"
    title = (
        f"{facts['offered_per_s']:g} starts a second ({found}) for {facts['seconds']:g} s"
        f" on {facts['broker']}, {facts['cores']} cores"
    )
    table = Table(title=title, box=None, pad_edge=False, caption=_caption(facts))
    table.add_column("")
    for name in _COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    for name in ("p99 below", "met", "answered"):
        table.add_column(name, justify="right")
    for kind, one in facts["requests"].items():
        answers = " ".join(f"{count}x{status}" for status, count in one["answers"].items())
        figures = [f"{one[name]:g}" for name in _COLUMNS]
        table.add_row(
            kind, *figures, f"{one['target_ms']:g}", "yes" if one["met"] else "no", answers
        )
    return table


def _caption(facts: Facts) -> str:
    sagas = facts["sagas"]
    failed = ", ".join(f"{count} {code}" for code, count in sagas["failed"].items()) or "none"
    spent = ", ".join(f"{name} {ms:g} ms" for name, ms in facts["cpu_ms_per_start"].items())
    return (
        f"{sagas['started']} sagas, {sagas['completed']} completed, failed: {failed}\n"
        f"processor time a start: {spent};"
        f" the client itself was late by {facts['client_behind_p99_ms']:g} ms (p99)\n"
        f"{_disk(facts['disk_sync'])}"
    )


def _disk(sync: Facts) -> str:
    if "trouble" in sync:
        return f"the disk could not be probed: {sync['trouble']}"
    return (
        f"a sync of this disk: p50 {sync['p50_ms']:g} ms, p99 {sync['p99_ms']:g} ms, at most"
        f" {sync['max_ms']:g} ms; it stood still {sync['stalled_percent']:g} % of the time"
    )
