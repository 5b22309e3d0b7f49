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
BEGINS: Final = "nothing begins before what it needs is done, and nothing after the saga has turned"
WAITS: Final = "a wait is decided once, by its signal or the clock, and dropped when the saga turns"
CHANGES: Final = "a change is applied before its step, held while that runs, refused later"
AGAIN: Final = "what was changed is done again in a new round, and nothing else is"
CHILDREN: Final = "a child settles by its own end, and is told what is told to its parent"
PARENT: Final = "what a saga tells whoever started it follows from its log"

LAWS: Final = (
    *(ENDS, WAKES, SENT, SETTLES, WHOLE, LATE),
    *(OWED, LOGGED, ONCE, SIGNALS, DEADLINE, TABLE, TOLD, DECIDED),
    *(BEGINS, WAITS, CHANGES, AGAIN, CHILDREN, PARENT),
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
