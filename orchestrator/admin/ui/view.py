"""One saga as its page shows it: the picture, the three panes, and what may be done."""

from collections.abc import Sequence
from typing import NamedTuple

from infra.http.errors import Problem
from infra.http.guards import Principal
from orchestrator.admin.children import child_of, waits
from orchestrator.admin.definitions import definition_of
from orchestrator.admin.parents import Through, through
from orchestrator.admin.ports import Backend
from orchestrator.admin.told import Tone, told
from orchestrator.admin.ui.live import fingerprint
from orchestrator.admin.ui.looks import IDLE, standing
from orchestrator.admin.ui.offered import Button, Standing, offered
from orchestrator.admin.ui.picture import Child, Painter, Part, leaves
from orchestrator.admin.ui.undoing import Undoing, undoing
from orchestrator.admin.why import Waiting
from orchestrator.definition.nodes import Definition, Step
from orchestrator.engine.facts import Transition
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.fold import PartitionFacts
from orchestrator.sagalog.rows import SagaRow


class Line(NamedTuple):
    """One line of the timeline; ``since`` in ms since the start."""

    at: int
    since: int
    number: int
    step: str
    tone: Tone
    text: str


class SagaView(NamedTuple):
    """All that the page of one saga shows; ``definition`` None: it is not known any more."""

    row: SagaRow
    state: State
    definition: Definition | None
    waiting: tuple[Waiting, ...]
    picture: tuple[Part, ...]
    undoing: Undoing | None
    lines: list[Line]
    ahead: list[str]
    parent: SagaRow | None
    above: Through | None
    buttons: list[Button]
    as_of: PartitionFacts | None
    seen: str


class Looking(NamedTuple):
    """Somebody who looks at the sagas of a tenant, at a time (Unix ms)."""

    backend: Backend
    who: Principal
    now: int

    def row(self, saga: int) -> SagaRow:
        """The saga's row. Raises Problem 404: another tenant's is not there (law 13)."""
        row = self.backend.reader.saga(saga, self.who.tenant)
        if row is None:
            raise Problem(404, f"there is no saga {saga}", code="saga_not_found")
        return row

    def state(self, saga: int) -> State:
        """The saga as this process knows it. Raises Problem 404."""
        self.row(saga)
        state = self.backend.reader.state(saga)
        assert state is not None  # its row is there
        return state

    def definition(self, saga: int) -> Definition | None:
        """The definition that a saga runs on, if it is known. Raises Problem 404."""
        return definition_of(self.backend, self.row(saga).version)

    def undoing(self, saga: int) -> Undoing | None:
        """What undoing it would do; None without its definition. Raises Problem 404."""
        definition, state = self.definition(saga), self.state(saga)
        if definition is None:
            return None
        back = undoing(Plan(definition), state, self.now)
        if back.standing == "held" and back.why in (below := self.below(state, definition)):
            child = undoing(Plan(below[back.why][0]), below[back.why][1], self.now)
            if child.standing == "refused":
                return Undoing("refused", f"{back.why}: {child.why}")
        return back

    def below(self, state: State, definition: Definition) -> dict[str, tuple[Definition, State]]:
        """The sagas that do steps now and decide about them, by step, where they are known here."""
        found: dict[str, tuple[Definition, State]] = {}
        for leaf in leaves(definition.body):
            at = state.steps.get(leaf.name)
            if not isinstance(leaf, Step) or not leaf.child or at is None or not at.waits:
                continue
            child = self.child(state, leaf, at.round)
            known = None if child.saga is None else self.definition(child.saga)
            if child.saga is not None and known is not None:
                found[leaf.name] = known, self.state(child.saga)
        return found

    def saga(self, saga: int) -> SagaView:
        """Everything about one saga. Raises Problem 404."""
        row, state = self.row(saga), self.state(saga)
        reader = self.backend.reader
        definition, back = self.definition(saga), self.undoing(saga)
        picture: tuple[Part, ...] = ()
        if definition is not None:

            def find(step: Step, number: int) -> Child:
                return self.child(state, step, number)

            picture = Painter(definition, state, back, find).picture()
        below = self.below(state, definition) if definition else {}
        above = through(self.backend, state)
        parent = state.parent and reader.saga(state.parent.saga, self.who.tenant)
        return SagaView(
            row,
            state,
            definition,
            waits(self.backend, state, self.now),
            picture,
            back,
            timeline(reader.history(saga, self.who.tenant)),
            _ahead(definition, state),
            parent,
            above,
            offered(Standing(state, definition, below, above), back, self.who),
            reader.partition_facts(row.partition),
            self.fingerprint(saga),
        )

    def child(self, state: State, step: Step, number: int) -> Child:
        """The saga that does a step in this round, if it is there yet."""
        row = child_of(self.backend, state, step, number)
        return Child(
            str(step.child), row and row.id, standing(row.status, row.code) if row else IDLE
        )

    def fingerprint(self, saga: int) -> str:
        """Of the saga and of the sagas it has begun."""
        state = self.state(saga)
        definition = definition_of(self.backend, state.version)
        children: list[object] = []
        for leaf in leaves(definition.body) if definition else ():
            at = state.steps.get(leaf.name)
            if isinstance(leaf, Step) and leaf.child and at is not None:
                children.append(self.child(state, leaf, at.round))
        return fingerprint(state.number, *children)


def timeline(history: Sequence[Transition]) -> list[Line]:
    """What happened, a line for each fact."""
    begin = history[0].at if history else 0
    return [
        Line(one.at, one.at - begin, one.number, str(getattr(fact, "step", "")), *told(fact))
        for one in history
        for fact in one.facts
    ]


def _ahead(definition: Definition | None, state: State) -> list[str]:
    """What has not begun yet, in the order written; nothing once the saga has turned."""
    if definition is None or state.mode != "forward":
        return []
    return [leaf.name for leaf in leaves(definition.body) if leaf.name not in state.steps]
