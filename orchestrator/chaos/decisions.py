"""What became of everything that was said to a saga: each signal is decided once, and whoever was
answered was told the same. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.chaos.customers import Said
from orchestrator.chaos.kin import Told
from orchestrator.engine.facts import Signalled, SignalRefused


def decided(told: Told) -> Iterator[str]:
    """Every signal that was decided, and how."""
    for fact in told.facts:
        if isinstance(fact, Signalled | SignalRefused):
            yield f"{fact.signal} {_fate(fact)}"


def differences(said: Sequence[Said], told: Told, fates: Mapping[str, set[str]]) -> Iterator[str]:
    """What was said and is not decided, or twice, or otherwise than the doors have answered
    (``fates``: id -> applied or refused).
    """
    for one in said:
        found = [
            _fate(fact)
            for fact in told.facts
            if isinstance(fact, Signalled | SignalRefused) and fact.id == one.id
        ]
        if len(found) != 1:
            yield f"{one.signal} {one.id} was decided {len(found)} times: {found}"
        elif not fates.get(one.id, set()) <= set(found):
            yield f"{one.signal} {one.id} was {found[0]}, and the doors said {fates[one.id]}"
    strangers = told.state.signals.keys() - {one.id for one in said}
    yield from (f"it has decided {one}, which nobody has said" for one in sorted(strangers))
    yield from (f"it still holds {one.signal} {one.id}" for one in told.state.held)


def _fate(fact: Signalled | SignalRefused) -> str:
    return "applied" if isinstance(fact, Signalled) else "refused"
