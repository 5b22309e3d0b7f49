"""What a chaos run came to, for people."""

from rich.console import RenderableType
from rich.text import Text

from orchestrator.chaos.report import Report

SHOWN = 50


def view(report: Report) -> RenderableType:
    """The figures, and every difference (the first fifty)."""
    minutes = report.seconds / 60
    ends = ", ".join(f"{count} {status}" for status, count in sorted(report.ends.items()))
    decided = ", ".join(f"{count} {what}" for what, count in sorted(report.decided.items()))
    hits = ", ".join(f"{count} {kind}" for kind, count in sorted(report.blows.items()))
    recovered = ", ".join(f"{kind} {s:g} s" for kind, s in sorted(report.recovered_s.items()))
    lines = [
        f"seed {report.seed}, {minutes:g} minutes, {report.definitions} definitions",
        f"sagas        {report.sagas}: {ends or 'none'}",
        f"transitions  {report.transitions}, each decided again by the engine",
        f"blows        {sum(report.blows.values())}: {hits or 'none'}",
        f"signals      {report.signals}: {decided or 'none'}",
        f"asked        {report.repeated} starts and signals repeated, {report.retried} retried",
        f"messages     {report.repeated_messages} requests, commands and replies repeated",
        f"recovered    {recovered or 'nothing had to'} after the return, at most",
        f"stillest     {report.stillest_s:g} s without a move of an open saga",
        f"settled      {report.settled_s:g} s after the end of the load",
    ]
    if report.ok:
        lines.append("differences  none: logs, topic, sagas and databases agree with the model")
    else:
        lines.append(f"differences  {len(report.differences)}, with seed {report.seed}:")
        lines += [f"  {one}" for one in report.differences[:SHOWN]]
        if len(report.differences) > SHOWN:
            lines.append(f"  ... and {len(report.differences) - SHOWN} more")
    return Text("\n".join(lines))
