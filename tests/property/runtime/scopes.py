"""The scopes in which the ownership protocol is explored whole: each asks one question.

``CI`` holds the forms that every run of the tests explores, ``LARGER`` the same questions in worlds
that take minutes.
"""

from typing import Final

from tests.property.runtime.small_world import Scope

_FENCING: Final = frozenset(("sqlite", "arrivals", "marks"))
_RUNS: Final = frozenset(("arrivals", "marks"))
_CRASHES: Final = frozenset(("crash", "burnt", "moved"))

CI: Final[dict[str, Scope]] = {
    # Three processes, each of which the group may have made the owner and forgotten.
    "fencing": Scope(
        "S", owners=3, troubles=2, kinds=frozenset(("moved",)), at_once=_FENCING | {"answers"}
    ),
    # Whatever can go wrong, once, while reply and timeout race.
    "accidents": Scope(owners=2, troubles=1, timers=True, at_once=_FENCING),
    # What survives a crash between any two of: appended, in SQLite, sent, arrived, marked, offset.
    "files": Scope(owners=2, troubles=1, kinds=_CRASHES),
    # Decisions on top of decisions that are not acknowledged, in spans of several transitions.
    "pipeline": Scope(owners=2, troubles=1, pipeline=2, batch=2, at_once=_RUNS),
    # An answer that stands in no log, between a start and its reply.
    "answers": Scope(
        "SRK", owners=1, troubles=1, pipeline=2, batch=2, at_once=frozenset(("marks",))
    ),
    # The topic loses its end, or all, in a power cut: law 14.
    "refill": Scope(owners=1, troubles=1, losses=1, kinds=frozenset(("power cut", "crash"))),
    # And somebody else, who has followed some way, may be the first to come back.
    "refill by another": Scope(
        owners=2,
        troubles=0,
        losses=1,
        follows=True,
        kinds=frozenset(("power cut",)),
        at_once=_FENCING,
    ),
}

LARGER: Final[dict[str, Scope]] = {
    "fencing": Scope(
        owners=3, troubles=2, kinds=frozenset(("moved", "zombie")), at_once=_FENCING | {"answers"}
    ),
    "accidents": Scope(owners=2, troubles=2, timers=True, at_once=_FENCING),
    "files": Scope(owners=2, troubles=1, timers=True, kinds=Scope().kinds | {"burnt"}),
    "pipeline": Scope("SXK", owners=2, troubles=1, pipeline=2, batch=2, at_once=_RUNS),
    "answers": Scope("SRK", owners=2, troubles=1, pipeline=2, batch=2, at_once=_FENCING),
    "refill": Scope(owners=1, troubles=1, losses=2, kinds=frozenset(("power cut", "crash"))),
    "refill by another": Scope(
        owners=2,
        troubles=1,
        losses=1,
        follows=True,
        kinds=frozenset(("power cut", "crash")),
        at_once=_FENCING,
    ),
}
