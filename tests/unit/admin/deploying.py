"""What is asked when a new version is rolled out, and sagas are moved to it."""

from typing import Any

import msgspec

from tests.unit.admin.work import work

OLD = work("pack", "ship")
NEW = work("pack", "ship", "tell")
RULE = "/definitions/work/rollout"
MOVES = "/definitions/work/moves"
KEY = {"Idempotency-Key": "r-1"}


def half(**changes: Any) -> dict[str, Any]:
    """Every second new saga gets the new version, whose definition comes along."""
    definition = msgspec.to_builtins(NEW.definition)
    return {"definition": definition, "percent": 50, "reason": "try it", **changes}


def to_new(*sagas: int, **changes: Any) -> dict[str, Any]:
    """A move of these to the new version."""
    definition = msgspec.to_builtins(NEW.definition)
    return {"sagas": sagas, "definition": definition, "reason": "all of them", **changes}
