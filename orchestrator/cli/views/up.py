"""What a process says of itself once it is up."""

import sys
from collections.abc import Callable
from pathlib import Path

from infra.embedded_broker import LIMITS
from orchestrator.bootstrap.shapes import Up
from orchestrator.cli.output import print_json


def say(line: str) -> None:
    """One line on stderr, at once."""
    print(f"saga: {line}", file=sys.stderr, flush=True)


def announcing(data: Path, *, as_json: bool) -> Callable[[Up], None]:
    """What to call once the process is up."""

    def announce(up: Up) -> None:
        if as_json:
            print_json(_facts(up, data))
        else:
            sys.stdout.write("\n".join(_lines(up, data)) + "\n")
        sys.stdout.flush()

    return announce


def _facts(up: Up, data: Path) -> dict[str, object]:
    return {
        "url": up.api.url if up.api else None,
        "login": up.api.login if up.api else None,
        "metrics": up.metrics,
        "broker": up.broker.address,
        "embedded": up.broker.embedded,
        "services": list(up.services),
        "data": str(data.absolute()),
    }


def _lines(up: Up, data: Path) -> list[str]:
    lines: list[str] = [*LIMITS.splitlines()] if up.broker.embedded else []
    lines.append(f"broker    {up.broker.address}{' (embedded)' if up.broker.embedded else ''}")
    if up.services:
        lines.append(f"services  {', '.join(up.services)}")
    lines.append(f"data      {data.absolute()}")
    if up.api is not None:
        lines.append(f"HTTP      {up.api.url}/docs, {up.api.url}/asyncapi")
        lines.append(f"log in    {up.api.login} (works once)")
    if up.metrics is not None:
        lines.append(f"metrics   {up.metrics}/metrics")
    return [*lines, "ready; Ctrl-C stops it"]
