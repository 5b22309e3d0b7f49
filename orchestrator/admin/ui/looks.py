"""How states look: a word, an icon and a colour each, so that none of them is the only sign.

Pure. The words are those of people; programs read the phases of the JSON API.
"""

from typing import Final, Literal, NamedTuple

from orchestrator.engine.signals import CANCELLED
from orchestrator.engine.state import Phase, Status

Look = Literal[
    "idle",  # nothing has happened here
    "active",  # something is under way
    "paused",  # it is tried again later, or waits
    "done",
    "refused",
    "doubt",
    "operator",
    "skipped",
    "back",  # the way back is under way
    "undone",
]


class Mark(NamedTuple):
    """A state as people see it; the icon is the one of the look."""

    look: Look
    word: str


IDLE: Final = Mark("idle", "not yet")
NEVER: Final = Mark("idle", "never asked")
DONE: Final = Mark("done", "done")
DOUBT: Final = Mark("doubt", "no answer")

STATUS: Final[dict[Status, Mark]] = {
    "running": Mark("active", "running"),
    "compensating": Mark("back", "being undone"),
    "needs_operator": Mark("operator", "needs an operator"),
    "completed": Mark("done", "completed"),
    "failed": Mark("refused", "failed"),
}
CANCELLED_MARK: Final = Mark("undone", "cancelled")
FORWARD: Final[dict[Phase, Mark]] = {
    "sent": Mark("active", "under way"),
    "pausing": Mark("paused", "pauses"),
    "waiting": Mark("paused", "waits"),
    "done": DONE,
    "refused": Mark("refused", "refused"),
    "unknown": DOUBT,
    "stuck": Mark("operator", "needs an operator"),
    "skipped": Mark("skipped", "written off"),
    "dropped": Mark("skipped", "dropped"),
}
BACK: Final[dict[Phase, Mark]] = {
    "sent": Mark("back", "being undone"),
    "pausing": Mark("back", "undo pauses"),
    "waiting": Mark("back", "undo waits"),
    "done": Mark("undone", "undone"),
    "refused": Mark("operator", "undo refused"),
    "unknown": Mark("doubt", "undo unknown"),
    "stuck": Mark("operator", "undo needs an operator"),
    "skipped": Mark("skipped", "undo written off"),
    "dropped": Mark("skipped", "undo dropped"),
}
KINDS: Final = {
    "compensatable": "can be undone",
    "pivot": "point of no return",
    "retriable": "retried until it is done",
    "read": "changes nothing",
    "wait": "waits",
}


def standing(status: Status, code: str = "") -> Mark:
    """How a saga looks that ended, or did not, with this code: one that was cancelled is over as
    somebody wanted it, and did not fail.
    """
    return CANCELLED_MARK if (status, code) == ("failed", CANCELLED) else STATUS[status]
