"""Which runs a turned knob cannot change: those that never looked at it come to the same, and need
not be played again.
"""

from collections.abc import Iterable

from orchestrator.definition.nodes import Wait
from orchestrator.definition.tree import steps_of
from orchestrator.simulate.cast import Family
from orchestrator.simulate.knobs import Turn, read
from orchestrator.simulate.tally import UNKNOWN, Policy, Tally


def known(base: Tally, family: Family, turns: Iterable[Turn], runs: int) -> bytes:
    """Of the first so many runs whether they are done in time with these knobs turned, where that
    is certain; else UNKNOWN.
    """
    found = bytearray(base.in_time[:runs])
    for turn in turns:
        if turn.knob == "deadline":
            _deadline(found, base, shorter=0 < turn.value < family[turn.saga].time_ms)
        else:
            for run, touched in enumerate(base.touched.get(_policy(family, turn), b"")[:runs]):
                if touched:
                    found[run] = UNKNOWN
    return bytes(found)


def _policy(family: Family, turn: Turn) -> Policy:
    """What a run must have looked at to be changed. A step whose first attempt is answered in time
    looks at its timeout only, and not at how much longer that could be.
    """
    leaves = steps_of(family[turn.saga].body)
    leaf = next(one for one in leaves if one.name == turn.step)
    shorter = turn.knob == "timeout" and turn.value < read(leaf, "timeout")
    return turn.saga, turn.step, "begun" if shorter or isinstance(leaf, Wait) else "failed"


def _deadline(found: bytearray, base: Tally, *, shorter: bool) -> None:
    """With less time nothing more is done in time, with more time nothing less."""
    for run, in_time in enumerate(base.in_time[: len(found)]):
        if bool(in_time) == shorter:
            found[run] = UNKNOWN
