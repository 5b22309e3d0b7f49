"""The properties that are checked, each with the words in which a violation names it."""

from typing import Final, NoReturn

ENDS: Final = "it always ends, or stands in needs_operator"
WAKES: Final = "no open saga is without a wake-up"
SENT: Final = "never an undo of what was not sent"
SETTLES: Final = "settle, then undo, in reverse order"
WHOLE: Final = "never completed with something undone, never failed with something left"
LATE: Final = "never a forward effect after its undo"
OWED: Final = "what is shown as owed is what is owed"
LOGGED: Final = "what is logged determines the state"
ONCE: Final = "nothing counts twice, and what has ended changes no more"
SIGNALS: Final = "a cancel is applied until there is no way back, and never after"
DEADLINE: Final = "at its deadline a saga is undone, or late where there is no way back"
TABLE: Final = "the table and the exploration agree"
TOLD: Final = "each event of the business is told once"
DECIDED: Final = "every input can be decided"

LAWS: Final = (
    *(ENDS, WAKES, SENT, SETTLES, WHOLE, LATE),
    *(OWED, LOGGED, ONCE, SIGNALS, DEADLINE, TABLE, TOLD, DECIDED),
)


class Broken(Exception):
    """A property does not hold: ``law`` is one of LAWS, ``why`` says what happened instead."""

    def __init__(self, law: str, why: str) -> None:
        super().__init__(f"{law}: {why}")
        self.law = law
        self.why = why


def broken(law: str, why: str) -> NoReturn:
    """Say that a property does not hold here."""
    raise Broken(law, why)
