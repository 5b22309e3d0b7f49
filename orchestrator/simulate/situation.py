"""Where a saga stands, without the times, and what each input makes of it: a graph that the engine
itself draws, an edge at a time.

What the engine decides depends on times only in so far as they have come or have not, and not on
texts for people at all: so a decision that was made once holds for every run that comes to the same
situation with the same input (``timeless`` and ``alike`` hold the engine to that).
"""

from typing import Final, NamedTuple

from orchestrator.engine.state import State
from orchestrator.simulate.luck import Column, Luck
from orchestrator.simulate.outcomes import SILENT, Draws, Part

NEVER: Final = 1 << 60
"""A time that does not come, in milliseconds; so is anything later."""


_NOTHING: Final = Column(Draws(SILENT), [])


class Send:
    """A command goes out, or a wait begins: ``keys`` is the input for each of its outcomes.

    ``asked`` counts how often that happened, ``column`` is what becomes of it in each run of the
    block whose ``luck`` it is.
    """

    __slots__ = ("part", "round", "attempt", "keys", "asked", "luck", "column")

    def __init__(self, part: Part, number: int, attempt: int, keys: tuple[int, ...]) -> None:
        self.part = part
        self.round = number
        self.attempt = attempt
        self.keys = keys
        self.asked = 0
        self.luck: Luck | None = None
        self.column: Column = _NOTHING


class Child(NamedTuple):
    """Another saga is asked for; ``until``: it gets the deadline. ``slot`` is that of its step."""

    saga: str
    slot: int
    step: str
    round: int
    until: bool


class End(NamedTuple):
    """How a saga ended: ``step`` is the one that turned it, where one did."""

    status: str
    code: str
    step: str


class Edge:
    """What one input does in one situation.

    - ``timers``: what is due when, by slot: so many milliseconds from now (NEVER: nothing).
    - ``clock``: what becomes of the saga's deadline besides (a name of ``timeless.CLOCK``).
    - ``closes``: the slots that stop doing what they did, each with what that was (a label).
      The first of them is the one that everything else is because of.
    - ``opens``: the slots that begin to do something, each with the slot that led to it.
    - ``family``: whether children are begun or told to stop.
    - ``lost``: how a saga ends that is certain from now on not to be done in time.
    - ``touched``: which policies it looks at, as bits (``labels.Touched``).
    """

    __slots__ = (
        "target",
        "moves",
        "timers",
        "clock",
        "sends",
        "children",
        "halts",
        "closes",
        "opens",
        "end",
        "late",
        "family",
        "lost",
        "touched",
    )

    def __init__(self, target: "Situation") -> None:
        self.target = target
        self.moves = True
        self.timers: tuple[tuple[int, int], ...] = ()
        self.clock = ""
        self.sends: tuple[Send, ...] = ()
        self.children: tuple[Child, ...] = ()
        self.halts: tuple[int, ...] = ()
        self.closes: tuple[tuple[int, int], ...] = ()
        self.opens: tuple[tuple[int, int], ...] = ()
        self.end: End | None = None
        self.late = False
        self.family = False
        self.lost: End | None = None
        self.touched = 0


class Situation:
    """States that are alike: ``state`` is one of them, ``twin`` another.

    ``ticking``: the deadline comes nearer, as nobody else keeps it and no person is waited for;
    where it is not, the deadline may have passed when something comes: ``overdue`` has the edges
    of that. ``turned`` names the step that turned the saga, where one did.
    """

    __slots__ = ("state", "twin", "edges", "overdue", "ticking", "turned")

    def __init__(self, state: State, twin: State, ticking: bool, turned: str) -> None:
        self.state = state
        self.twin = twin
        self.edges: dict[int, Edge] = {}
        self.overdue: dict[int, Edge] = {}
        self.ticking = ticking
        self.turned = turned
