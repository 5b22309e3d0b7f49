"""What a part has explored, read from what its command printed."""

import json
import re
from collections.abc import Callable
from typing import Any, Final, cast

Reading = Callable[[str], str]

_WORLDS: Final = re.compile(r": ([\d,]+) worlds, ([\d,]+) steps")
_COUNTS: Final = re.compile(r"\b(\d+) (passed|failed|errors?|skipped)\b")


def of_tests(said: str) -> str:
    """The counts of a pytest run, which stand in its last lines; empty when nothing ran."""
    found = dict[str, int]()
    for line in said.splitlines()[-5:]:
        if counts := _COUNTS.findall(line):
            found = {what: int(count) for count, what in counts}
    if not found.keys() - {"skipped"}:
        return ""
    return ", ".join(f"{count:,} tests {what}" for what, count in found.items())


def of_lines(pattern: str) -> Reading:
    """The last line that holds the pattern, as it stands there."""

    def read(said: str) -> str:
        lines = [line.strip() for line in said.splitlines() if re.search(pattern, line)]
        return lines[-1] if lines else ""

    return read


def of_worlds(said: str) -> str:
    """The worlds and steps that the exploration of the protocol counted, of all its scopes."""
    found = _WORLDS.findall(said)
    worlds, steps = (sum(int(one[n].replace(",", "")) for one in found) for n in (0, 1))
    return f"{worlds:,} worlds, {steps:,} steps in {len(found)} scopes" if found else ""


def of_check(said: str) -> str:
    """The situations that `saga check --json` explored."""
    facts = _facts(said)
    if not facts:
        return ""
    bound = f"{facts['states']:,} situations, {facts['moves']:,} moves, depth {facts['depth']}"
    return bound if facts["exhausted"] else f"{bound}, not exhausted"


def of_chaos(said: str) -> str:
    """The sagas and the blows of `saga chaos --json`."""
    facts = _facts(said)
    if not facts:
        return ""
    blows = sum(facts["blows"].values())
    minutes = facts["seconds"] / 60
    return f"{facts['sagas']:,} sagas, {blows} blows, {minutes:g} min, seed {facts['seed']}"


def of_recovery(said: str) -> str:
    """The times of `saga bench recovery --json`, in seconds."""
    facts = _facts(said)
    flat = dict(facts)
    for scene in facts.values():
        if isinstance(scene, dict):
            flat |= cast("dict[str, Any]", scene)
    shown = ("deciding_s", "going_on_s", "notice_s", "by_time", "peak_mib")
    times = [f"{name} {flat[name]:g}" for name in shown if name in flat]
    return ", ".join([f"{flat['open']:,} open sagas", *times]) if "open" in flat else ""


def _facts(said: str) -> dict[str, Any]:
    """The JSON object that the output holds, whatever else was printed before it."""
    begin = said.find("\n{") + 1 if not said.startswith("{") else 0
    try:
        found: Any = json.JSONDecoder().raw_decode(said[begin:])[0]
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
