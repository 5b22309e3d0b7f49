"""What each line of an order's history tells, in words. Facts are as the HTTP API gives them."""

from collections.abc import Callable
from typing import Any, Final

Json = dict[str, Any]


def words_of(line: Json) -> str:
    """What a line of the history tells, in words."""
    kind, data = line["type"], line["data"]
    if kind in _WORDS:
        return _WORDS[kind](data)
    if kind in ("state", "status"):
        why = f": {data['reason']}" if data.get("reason") else ""
        return f"{kind} {data['from']} -> {data['to']}{why}"
    told = ", ".join(f"{name} {value}" for name, value in data.items() if value)
    return f"{kind.replace('_', ' ')}: {told}"


def _step_moved(data: Json) -> str:
    attempt = f", attempt {data['attempt']}" if data.get("attempt", 1) > 1 else ""
    again = f", round {data['round']}" if data.get("round", 1) > 1 else ""
    return f"{_undo(data)}{data['step']} {data['phase']}{attempt}{again}"


def _told(data: Json) -> str:
    said = ", ".join(filter(None, (_carried(data["data"]), data["reason"])))
    why = f": {data['why']}" if data["why"] else ""
    return f"{data['signal']}{said and f' ({said})'} {data['outcome']}{why}"


def _repaired(data: Json) -> str:
    what = f" of {_undo(data)}{data['step']}" if data["step"] else ""
    return f"{data['action']}{what}, as a person decided: {data['reason']}"


def _stands_still(data: Json) -> str:
    place = " ".join(filter(None, (data["definition"], _undo(data).strip(), data["step"])))
    return f"needs an operator: {place} stands still, {data['cause']}"


_WORDS: Final[dict[str, Callable[[Json], str]]] = {
    "start": lambda data: f"asked for, with payment {data['payment_id']}",
    "step": _step_moved,
    "signal": _told,
    "address": lambda data: (
        f"goes to {address_line(data['new'])}, no longer to {address_line(data['old'])}"
    ),
    "repair": _repaired,
    "move": lambda data: (
        f"{data['definition']} goes on by version {data['version']}: {data['reason']}"
    ),
    "late": lambda data: (
        f"late: its deadline passed when {data['committed']} had been commanded already"
    ),
    "needs_operator": _stands_still,
}


def _undo(data: Json) -> str:
    return "undo " if data["direction"] == "undo" else ""


def _carried(data: Json) -> str:
    """What a signal said besides its reason: yes or no, or where to."""
    if "approved" in data:
        return "approved" if data["approved"] else "rejected"
    return f"to {address_line(data['new_address'])}" if "new_address" in data else ""


def address_line(address: Json) -> str:
    """An address in one line."""
    place = f"{address['zip_code']} {address['city']}"
    parts = (address["street"], place, address["state"], address["country"])
    return ", ".join(filter(None, parts))
