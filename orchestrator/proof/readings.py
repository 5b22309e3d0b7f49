"""What a part has explored, read from what its command printed."""

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

MOST_MIB: Final = 200
"""What an owner may need in memory, however many sagas are open."""


class Found(NamedTuple):
    """What was ``explored``, empty when nothing was; what it ``lacks`` of the whole; and what is
    ``wrong`` with it though the command has ended well.
    """

    explored: str = ""
    lacks: str = ""
    wrong: str = ""


Reading = Callable[[str], Found]

_WORLDS: Final = re.compile(r": ([\d,]+) worlds, ([\d,]+) steps")
_COUNTS: Final = re.compile(r"\b(\d+) (passed|failed|errors?|skipped)\b")
_SKIPPED: Final = re.compile(r"^SKIPPED \[\d+\] \S+ (.+)$", re.MULTILINE)


def of_tests(said: str) -> Found:
    """The counts of a pytest run (`-rs`), which stand in its last lines, and why some were skipped;
    nothing when all were.
    """
    found = dict[str, int]()
    for line in said.splitlines()[-5:]:
        if counts := _COUNTS.findall(line):
            found = {what: int(count) for count, what in counts}
    if not found.keys() - {"skipped"}:
        return Found()
    explored = ", ".join(f"{count:,} tests {what}" for what, count in found.items())
    return Found(explored, "; ".join(dict.fromkeys(_SKIPPED.findall(said))))


def of_lines(pattern: str) -> Reading:
    """The lines that hold the pattern, as they stand there."""

    def read(said: str) -> Found:
        lines = [line.strip() for line in said.splitlines() if re.search(pattern, line)]
        return Found("\n".join(lines))

    return read


def of_worlds(said: str) -> Found:
    """The worlds and steps that the exploration of the protocol counted, of all its scopes."""
    found = _WORLDS.findall(said)
    worlds, steps = (sum(int(one[n].replace(",", "")) for one in found) for n in (0, 1))
    return Found(f"{worlds:,} worlds, {steps:,} steps in {len(found)} scopes" if found else "")


def of_check(said: str) -> Found:
    """The situations that `saga check --json` explored."""
    facts = _facts(said)
    if not facts:
        return Found()
    bound = f"{facts['states']:,} situations, {facts['moves']:,} moves, depth {facts['depth']}"
    return Found(bound if facts["exhausted"] else f"{bound}, not exhausted")


def of_chaos(said: str) -> Found:
    """The sagas and the blows of `saga chaos --json`."""
    facts = _facts(said)
    if not facts:
        return Found()
    blows = sum(facts["blows"].values())
    minutes = facts["seconds"] / 60
    return Found(f"{facts['sagas']:,} sagas, {blows} blows, {minutes:g} min, seed {facts['seed']}")


def of_recovery(said: str) -> Found:
    """The times of `saga bench recovery --json`, in seconds. How soon is for the reader to judge,
    who knows the machine; that time alone decided a saga (law 5), or that memory grew with their
    number, is wrong.
    """
    facts = _facts(said)
    flat = dict(facts)
    for scene in facts.values():
        if isinstance(scene, dict):
            flat |= cast("dict[str, Any]", scene)
    shown = ("deciding_s", "going_on_s", "notice_s", "by_time", "peak_mib")
    times = [f"{name} {flat[name]:g}" for name in shown if name in flat]
    if "open" not in flat:
        return Found()
    wrong = [
        *([f"{flat['by_time']:,} sagas were timed out (law 5)"] if flat.get("by_time") else []),
        *([f"more than {MOST_MIB} MiB"] if flat.get("peak_mib", 0) > MOST_MIB else []),
    ]
    explored = ", ".join([f"{flat['open']:,} open sagas", *times])
    return Found(explored, wrong=f"{explored}: {', '.join(wrong)}" if wrong else "")


def _facts(said: str) -> dict[str, Any]:
    """The JSON object that the output holds, whatever else was printed before it."""
    begin = said.find("\n{") + 1 if not said.startswith("{") else 0
    try:
        found: Any = json.JSONDecoder().raw_decode(said[begin:])[0]
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
