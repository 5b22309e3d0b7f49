"""What was asked of a saga, whoever has started it: a customer, or another saga. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.chaos import legal
from orchestrator.chaos.customers import CANCEL
from orchestrator.chaos.kin import Begun, taken_back
from orchestrator.chaos.shapes import Drawn
from orchestrator.chaos.starts import Start
from orchestrator.engine.deadline import EXCEEDED
from orchestrator.engine.signals import CANCELLED
from orchestrator.engine.state import State


@dataclass(frozen=True)
class Asked:
    """A saga by its key. ``drawn``: its definition as it was drawn (None: it is one of the
    application's), ``given`` how its steps are to go, ``turns`` the codes with which it may have
    been stopped; ``taken_back``: whoever began it had all of it undone.
    """

    definition: str
    key: str
    drawn: Drawn | None
    given: Mapping[str, object]
    turns: tuple[str, ...] = ()
    taken_back: bool = False

    @property
    def what(self) -> str:
        """As it is named in a difference."""
        return f"saga {self.definition} {self.key}"


def turns_of(start: Start, drawn: Drawn | None) -> tuple[str, ...]:
    """What may stop a saga: its customer, and its deadline."""
    cancelled = any(one.signal == CANCEL for one in start.said)
    late = drawn is not None and bool(drawn.deadline_s)
    return (CANCELLED,) * cancelled + (EXCEEDED,) * late


def child_of(parent: Asked, begun: Begun, state: State) -> Asked:
    """A child of it: that of a saga which has turned was told to stop, and one with a point of no
    return keeps the deadline of its parent.
    """
    errand = parent.drawn.errand if parent.drawn else None
    assert errand is not None
    turned = state.status != "completed" and errand.kind == "compensatable"
    kept = parent.turns if errand.kind == "pivot" else (CANCELLED,) * turned
    return Asked(
        begun.definition,
        begun.key,
        errand.saga,
        legal.within(parent.given, begun.step),
        kept,
        taken_back(state, begun.step),
    )
