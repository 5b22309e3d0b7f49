"""One saga of a run, on its virtual clock."""

from orchestrator.simulate.automaton import Automaton
from orchestrator.simulate.situation import NEVER, Edge, End, Situation
from orchestrator.simulate.timeless import AGAIN, CLEAR, DEADLINE, PUT_OFF, STAND, Times

Chain = tuple["Chain | None", int, int]
"""A stretch of time after those before it: what it was spent on (a label), for how long."""


class Actor:
    """Where one saga stands in one run: its situation, and when what is due.

    ``dues``: when what is due, by slot; NEVER is nothing. ``since`` and ``chain``: since when each
    slot does what it does, and what led to that. ``wake`` is the earliest time at which it moves
    by itself. ``parent`` waits for it, at ``place``: the slot of a step, and its round.
    """

    __slots__ = (
        "automaton",
        "situation",
        "dues",
        "person",
        "since",
        "chain",
        "wake",
        "late",
        "end",
        "link",
        "children",
        "parent",
        "place",
        "begins",
    )

    def __init__(self, automaton: Automaton, parent: "Actor | None" = None) -> None:
        size = len(automaton.names) + 1
        self.automaton = automaton
        self.situation: Situation | None = None
        self.dues = [NEVER] * size
        self.person = 0
        self.since = [0] * size
        self.chain: list[Chain | None] = [None] * size
        self.wake = NEVER
        self.late = False
        self.end: End | None = None
        self.link: Chain | None = None
        self.children: dict[tuple[int, int], Actor] = {}
        self.parent = parent
        self.place: tuple[int, int] = (0, 0)
        self.begins = 0

    def times(self) -> Times:
        """The times as the engine's state has them."""
        deadline, *dues = [0 if due >= NEVER else due for due in self.dues]
        return Times(deadline, self.person, tuple(dues))

    def due(self, at: int) -> int:
        """The bits of the slots that are due."""
        mask = 0
        for slot, due in enumerate(self.dues):
            if due <= at:
                mask |= 1 << slot
        return mask if self.situation is None or self.situation.ticking else mask & ~1

    def edges(self, at: int) -> dict[int, Edge]:
        """What is known of what inputs do to it now. Where its deadline ticks, its wake-up comes
        before anything that is later than that.
        """
        here = self.situation
        assert here is not None
        return here.edges if here.ticking or at <= self._deadline(at) else here.overdue

    def keep_clock(self, edge: Edge, at: int) -> None:
        """What a decision does to the deadline."""
        dues = self.dues
        if edge.clock in (PUT_OFF, AGAIN):
            dues[DEADLINE] += at - self.person
            self.person = 0
        if edge.clock in (STAND, AGAIN):
            self.person = at
        elif edge.clock == CLEAR:
            dues[DEADLINE], self.person = NEVER, 0

    def in_time(self, at: int) -> bool:
        """Whether its end now is within the deadline."""
        return not self.late and at <= self._deadline(at)

    def _deadline(self, at: int) -> int:
        """The deadline, if nobody were waited for any more from now on."""
        return self.dues[DEADLINE] + (at - self.person if self.person else 0)
