"""The small world in which the ownership of one partition is explored: its parts, as plain values.

Only what surrounds the runtime's own machine is modelled here: a log, a file, a network, a group.
Inputs, decisions and effects are letters:

- ``S`` a saga starts; its command goes out, and the reply ``K`` completes it, or its timeout ``U``
  undoes it. Never both: who decides one on top of the other has broken the log.
- ``X`` another start, independent of the first. ``R`` a request that is refused: an answer, no
  transition. ``D`` is no input: it is the dead letter of a reply whose saga the decider does not
  know.
"""

from typing import Final, NamedTuple

from orchestrator.runtime import happenings as h
from orchestrator.runtime.ownership import Ownership
from orchestrator.sagalog.fold import PartitionFacts

DISPLACED: Final = -1
"""The offset of a row whose record is not in the topic now."""
ANSWERS: Final = "RD"
"""Effects that are answers, and stand in no log."""


class Scope(NamedTuple):
    """How large the world is. ``troubles`` bounds everything that only happens when something goes
    wrong, so that from every world on there is a future without any; nothing else is bounded.
    """

    inputs: str = "SK"
    owners: int = 2
    troubles: int = 2
    pipeline: int = 1
    """Spans under way at a time."""
    batch: int = 1
    """Inputs decided in one span, at most."""
    timers: bool = False
    """Whether the timeout of a saga races with its reply."""
    kinds: frozenset[str] = frozenset(
        ("crash", "moved", "lost append", "lost answer", "impatience", "zombie", "unread")
    )
    """The troubles there are; see ``moves``. Also: "burnt" (a file is lost with its process),
    "forgets" (the topic loses records while owners go on), "power cut" (it does, and all crash)."""
    losses: int = 0
    """How often the topic may lose what it has acknowledged."""
    follows: bool = False
    """Whether a process that is not assigned reads the topic after the others."""
    at_once: frozenset[str] = frozenset()
    """What a process does without a pause, to keep another question small: "sqlite" commits what is
    confirmed, "arrivals" are told as soon as something is sent, "marks" are not kept apart,
    "answers" of the topic are heard when they set out."""

    @property
    def lossy(self) -> bool:
        """Whether the topic can lose what it has acknowledged."""
        return self.losses > 0


class Entry(NamedTuple):
    """One record of the topic. A claim has no kind; a transition was decided ``by`` some epoch,
    which is another one than that of the record when it was refilled.
    """

    epoch: str
    seq: int = 0
    kind: str = ""
    by: str = ""
    sent: int = -1
    log: str = ""


class Row(NamedTuple):
    """One transition in a file."""

    kind: str
    by: str
    offset: int


class File(NamedTuple):
    """What SQLite holds: it survives a crash, nothing else does."""

    rows: tuple[Row, ...] = ()
    facts: PartitionFacts | None = None

    @property
    def mark(self) -> h.Mark | None:
        """As ``adoption.Adopter.mark``."""
        facts = self.facts
        return facts and h.Mark(facts.log, facts.epoch, facts.seq, facts.offset)

    @property
    def displaced(self) -> list[Row]:
        """What the topic has lost."""
        return [row for row in self.rows if row.offset == DISPLACED]


class Run(NamedTuple):
    """Decisions of one span: entries, and effects that are answers."""

    span: int
    epoch: str
    entries: tuple[Entry, ...]
    answers: str


class Sending(NamedTuple):
    """Effects on their way out, until they are acknowledged."""

    epoch: str
    span: int
    effects: str


class Item(NamedTuple):
    """An append on its way to the topic: a claim has no span."""

    epoch: str
    span: int | None
    entries: tuple[Entry, ...]


class Owner(NamedTuple):
    """One process: its ownership and its file, what it has to do, what is on the wire.

    ``seated``: the group gives it the partition; ``told``: it believes so. ``lane`` is its present
    producer, ``stray`` are older ones, whose appends may land at any time. ``position`` is the next
    input that it reads, -1 while its inputs are closed.
    """

    own: Ownership = Ownership()
    file: File = File()
    seated: bool = False
    told: bool = False
    position: int = -1
    runs: tuple[Run, ...] = ()
    todo: tuple[h.Action, ...] = ()
    sending: tuple[Sending, ...] = ()
    lane: tuple[Item, ...] = ()
    stray: tuple[tuple[Item, ...], ...] = ()
    answers: tuple[h.Event, ...] = ()


class Shared(NamedTuple):
    """What all processes share: the topic, the group, and the world that effects reach.

    ``acted``: effects somebody began to send; ``delivered``: those whose arrival somebody knows of.
    ``aside``: rows in files that were set aside, which is said.
    """

    log: tuple[Entry, ...] = ()
    committed: int = 0
    seat: bool = True
    acted: str = ""
    delivered: str = ""
    aside: tuple[Row, ...] = ()
    claims: int = 0
    troubles: int = 0
    losses: int = 0


def united(one: str, more: str) -> str:
    """Letters of both, each once, in one order."""
    return "".join(sorted({*one, *more}))


def decision(given: str, known: list[str]) -> tuple[str, str]:
    """What an input becomes on top of what is known: a transition, an answer, or nothing."""
    if given == "R":
        return "", "R"
    if given == "K" and "S" not in known:
        return "", "D"
    if given in known or (given in "KU" and ("K" in known or "U" in known)):
        return "", ""
    return given, ""


def is_open(known: list[str]) -> bool:
    """Whether the saga has begun and not ended."""
    return "S" in known and "K" not in known and "U" not in known


def settled(given: str, known: set[str], delivered: str) -> bool:
    """Whether nobody has to read this input again."""
    if given == "R":
        return "R" in delivered
    return given in known or (given == "K" and "U" in known)
