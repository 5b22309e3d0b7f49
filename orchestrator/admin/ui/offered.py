"""What may be done with a saga now, by whoever looks at it: the buttons of its page."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

from infra.http.guards import Principal
from orchestrator.admin.parents import Through
from orchestrator.admin.ui.pages import HOME
from orchestrator.admin.ui.picture import leaves
from orchestrator.admin.ui.undoing import WHO, Undoing
from orchestrator.definition.nodes import Definition, Wait
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import SignalRefused
from orchestrator.engine.inputs import Signal
from orchestrator.engine.plan import Plan
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State


class Button(NamedTuple):
    """Something that may be done, on a page that asks once more."""

    label: str
    href: str
    look: str = ""


class Standing(NamedTuple):
    """Where a saga stands; ``below`` are the sagas that do its steps now, and decide about them,
    ``above`` the one that waits for it.
    """

    state: State
    definition: Definition | None
    below: Mapping[str, tuple[Definition, State]]
    above: Through | None = None

    @property
    def elsewhere(self) -> frozenset[str]:
        """The signals that go through its parent."""
        return self.above.signals if self.above else frozenset()


def saga_path(saga: int) -> str:
    """The address of a saga's page."""
    return f"{HOME}/sagas/{saga}"


def offered(standing: Standing, back: Undoing | None, who: Principal) -> list[Button]:
    """The buttons; what would be refused is not offered."""
    state = standing.state
    here, buttons = saga_path(state.saga), list[Button]()
    if standing.definition is not None and who.may("sagas:signal"):
        buttons += _answers(here, standing.definition, state)
        buttons += _changes(here, standing.definition, standing)
    if state.status == "needs_operator" and who.may("sagas:repair"):
        buttons.append(Button("Repair…", f"{here}/repair", "operator"))
    stoppable = back is not None and back.standing in ("would", "held")
    if stoppable and CANCEL not in standing.elsewhere and who.may("sagas:cancel"):
        buttons.append(Button("Cancel…", f"{here}/cancel", "danger"))
    return buttons


def _answers(here: str, definition: Definition, state: State) -> Iterator[Button]:
    for wait in leaves(definition.body):
        at = state.steps.get(wait.name)
        if not isinstance(wait, Wait) or not wait.signal or at is None or at.phase != "waiting":
            continue
        place = f"{here}/waits/{quote(wait.name, safe='')}"
        if not wait.accepts:
            yield Button(f"Send {wait.signal}…", place, "go")
            continue
        for word, look in (("Approve", "go"), ("Reject", "danger")):
            yield Button(f"{word} {wait.name}…", f"{place}?answer={word.lower()}", look)


def _changes(here: str, definition: Definition, standing: Standing) -> Iterator[Button]:
    for change in definition.changes or ():
        if change.signal in standing.elsewhere:
            continue
        place = f"{here}/changes/{quote(change.signal, safe='')}"
        deciding = [(definition, standing.state)]
        if change.redo in standing.below:
            deciding.append(standing.below[change.redo])
        if all(_taken(known, state, change.signal) for known, state in deciding):
            yield Button(f"Change {', '.join(change.fields)}…", place)


def _taken(definition: Definition, state: State, signal: str) -> bool:
    """Whether the saga would take it now, or hold it: the engine says so, on a copy in memory."""
    change = next((one for one in definition.changes or () if one.signal == signal), None)
    if change is None:
        return False
    told = Signal(
        "what-if", state.updated_at, signal, "what if", WHO, dict.fromkeys(change.required)
    )
    try:
        _, transition = decide(Plan(definition), state, told)
    except (KeyError, ValueError):  # nobody can say; its owner will
        return True
    return not any(isinstance(fact, SignalRefused) for fact in transition.facts)
