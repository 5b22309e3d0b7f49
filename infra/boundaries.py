"""The places where a crash could matter: every call of an I/O port has a name.

A port is wrapped in one place that demands a `Boundary`: `infra.datastore.transaction`,
`infra.broker.batches.BatchSender`, `infra.broker.offsets.commit_offsets`, and `with BOUNDARY:`
around what is neither. Each passing of a boundary has *points* (`NAME:before`, `NAME:after`, for an
append also `NAME:sent`), and a process that is armed with one kills itself there, as a power cut
would: nothing is flushed, nothing cleaned up. Not armed, a passing costs a look at one attribute.
"""

import difflib
import os
import signal
from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from infra.errors import Mistake

CRASH_AT: Final = "SAGA_CRASH_AT"
"""The variable that arms a process: `NAME:MOMENT`, or `NAME:MOMENT:N` for the N-th passing."""

Moment = Literal["before", "sent", "after"]
_MOMENTS: Final[Mapping[str, Moment]] = {"before": "before", "sent": "sent", "after": "after"}


class UnknownPoint(Mistake):
    """There is no crash point of that name."""


class Kind(NamedTuple):
    """What a boundary is a call of, and what each of its moments means."""

    name: str
    moments: Mapping[Moment, str]


TRANSACTION: Final = Kind(
    "transaction",
    {
        "before": "everything is written, COMMIT is not given",
        "after": "committed, and nobody has acted on it",
    },
)
APPEND: Final = Kind(
    "append",
    {
        "before": "not handed to the client",
        "sent": "written to the socket, not acknowledged",
        "after": "acknowledged, and nobody has been told",
    },
)
OFFSETS: Final = Kind(
    "offset commit",
    {"before": "the broker was not asked", "after": "the broker has them"},
)
FILE: Final = Kind(
    "file",
    {"before": "whole, under another name", "after": "in its place"},
)
PHASE: Final = Kind("phase", {"before": "not begun", "after": "all of it done"})


class Point(NamedTuple):
    """One crash point: its name, and what has happened and what has not when it is reached."""

    name: str
    kind: str
    meaning: str


class Boundary:
    """One place where the process meets the outside. Made once, by `boundary`."""

    __slots__ = ("_left", "_moment", "kind", "name", "what")

    def __init__(self, name: str, kind: Kind, what: str) -> None:
        self.name = name
        self.kind = kind
        self.what = what
        self._moment: Moment | None = None
        self._left = 0

    def before(self) -> None:
        """The port is about to be called."""
        if self._moment is not None:
            self._reached("before")

    def sent(self) -> None:
        """The request is on its way, and not answered."""
        if self._moment is not None:
            self._reached("sent")

    def after(self) -> None:
        """The port has done it, and nobody has been told."""
        if self._moment is not None:
            self._reached("after")

    @property
    def kills_when_sent(self) -> bool:
        """Whether somebody must look when the request is on its way: that costs a poll."""
        return self._moment == "sent"

    def arm(self, moment: Moment, passing: int) -> None:
        """Kill this process when it reaches this moment for the `passing`-th time from now."""
        self._moment = moment
        self._left = passing

    def points(self) -> Iterator[Point]:
        """Its crash points, in the order in which they are reached."""
        for moment, meaning in self.kind.moments.items():
            yield Point(f"{self.name}:{moment}", self.kind.name, f"{self.what}: {meaning}")

    def __enter__(self) -> None:
        self.before()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.after()

    def _reached(self, moment: Moment) -> None:
        if moment != self._moment:
            return
        self._left -= 1
        if self._left <= 0:
            os.write(2, f"saga: killed at {self.name}:{moment}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


_known: dict[str, Boundary] = {}

OUTSIDE: Final = Boundary("outside", PHASE, "a tool that keeps nothing and promises nothing")
"""For what drives the product from outside (bench, conformance, tests): not listed, no point."""


def boundary(name: str, kind: Kind, what: str) -> Boundary:
    """Make a boundary known; raises ValueError for a name that is taken."""
    if name in _known:
        raise ValueError(f"two boundaries are named {name}")
    _known[name] = made = Boundary(name, kind, what)
    return made


def boundaries() -> list[Boundary]:
    """All boundaries of the modules imported so far, by name."""
    return [_known[name] for name in sorted(_known)]


def arm(spec: str) -> None:
    """Arm `NAME:MOMENT[:N]`; raises UnknownPoint naming those that there are."""
    name, _, rest = spec.partition(":")
    asked, _, passing = rest.partition(":")
    found = _known.get(name)
    moment = _MOMENTS.get(asked)
    count = int(passing or 1) if (passing or "1").isdecimal() else 0
    if not found or not moment or moment not in found.kind.moments:
        names = [point.name for known in boundaries() for point in known.points()]
        near = ", ".join(difflib.get_close_matches(spec, names, 3, 0.3)) or "none"
        raise UnknownPoint(
            f"{CRASH_AT}={spec}: there is no such crash point (near it: {near});"
            " `saga proof points` lists all"
        )
    if count < 1:
        raise UnknownPoint(f"{CRASH_AT}={spec}: passings are counted from 1 on")
    found.arm(moment, count)
