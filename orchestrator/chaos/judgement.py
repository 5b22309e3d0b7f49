"""Everything that must add up when a run is over: the logs, the sagas, the databases."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contracts.topics import DEFAULT_TENANT
from orchestrator.chaos import decisions, effects, kin, legal
from orchestrator.chaos.asked import Asked, child_of, turns_of
from orchestrator.chaos.doors import Doors
from orchestrator.chaos.effects import rounds
from orchestrator.chaos.kin import Told
from orchestrator.chaos.ledgers import Ledgers
from orchestrator.chaos.replayed import Replayed
from orchestrator.chaos.retrace import retrace
from orchestrator.chaos.scenery import Scenery
from orchestrator.chaos.starts import Start
from orchestrator.definition.nodes import Leaf, Step, parse
from orchestrator.definition.tree import steps_of
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.reader import Reader


@dataclass
class Judged:
    """How the sagas ended, what became of signals, how many transitions were retraced, and every
    difference.
    """

    ends: Counter[str] = field(default_factory=Counter[str])
    decided: Counter[str] = field(default_factory=Counter[str])
    transitions: int = 0
    differences: list[str] = field(default_factory=list[str])


class _Left(NamedTuple):
    """What a run left behind: the log, the databases of the services, and what they must say."""

    log: Reader
    services: Ledgers
    model: Replayed


class Judge:
    """Compares what a run left with what the starts asked for."""

    def __init__(self, scenery: Scenery, starts: Sequence[Start], answers: Doors) -> None:
        self._scenery, self._starts, self._answers = scenery, starts, answers
        self._carried = {one.id: one.data for start in starts for one in start.said}
        self._plans: dict[str, Plan] = {}
        self.judged = Judged()

    def logs(self, files: Sequence[Path]) -> None:
        """The files say the same, row for row."""
        first, *others = files
        for other in others:
            self._add(f"{first} and {other}", differences(first, other))

    def sagas(self, file: Path) -> None:
        """Every start is one saga, and it, its log and the databases agree with the model."""
        with ExitStack() as stack:
            enter = stack.enter_context
            ledgers = enter(closing(Ledgers(self._scenery.application, self._scenery.databases())))
            folder = Path(enter(TemporaryDirectory()))
            services = list(ledgers.books)
            model = enter(closing(Replayed(self._scenery.application, services, folder)))
            reader = enter(Reader.open(file))
            left = _Left(reader, ledgers, model)
            known = {saga for start in self._starts for saga in self._start(start, left)}
            found = sum(reader.counts().values())
            if found != len(known):
                self._add("the log", [f"{found} sagas, and {len(known)} were asked for"])
            strangers = sorted(set(ledgers.sagas()) - known)
            self._add(
                "the services", (f"effects of saga {one}, which is none" for one in strangers)
            )
            self._add("the books", ledgers.unbalanced)
            for name, books in ledgers.books.items():
                self._add("the books", model.compared(name, books))

    def _start(self, start: Start, left: _Left) -> Iterator[int]:
        """A start and all that has come of it."""
        drawn = self._scenery.drawn.get(start.definition)
        asked = Asked(start.definition, start.key, drawn, start.input, turns_of(start, drawn))
        told = self._saga(asked, left)
        if told is None:
            return
        saga = told.state.saga
        ids = self._answers.sagas.get((start.definition, start.key), {saga})
        if ids != {saga}:
            self._add(asked.what, [f"the doors called it {sorted(ids)}"])
        if drawn is None:
            self._add(asked.what, _wrong_base(start, told.state))
        self._add(asked.what, decisions.differences(start.said, told, self._answers.fates))
        self.judged.decided.update(decisions.decided(told))
        yield saga
        yield from self._children(asked, told, left)

    def _children(self, parent: Asked, told: Told, left: _Left) -> Iterator[int]:
        for begun in kin.begun(told).values():
            child = child_of(parent, begun, told.state)
            found = self._saga(child, left)
            if found is None:
                continue
            self._add(child.what, kin.disagreements(told, found, begun))
            yield found.state.saga

    def _saga(self, asked: Asked, left: _Left) -> Told | None:
        """Its log against the engine, and its end and its effects against the model."""
        row = left.log.by_key(DEFAULT_TENANT, asked.definition, asked.key)
        if row is None:
            self._add(asked.what, ["it was started, and there is no such saga"])
            return None
        history = left.log.history(row.id)
        plan = self._plan(left.log, row.version)
        retraced = retrace(plan, history, self._carried)
        self._add(asked.what, retraced.differences)
        self.judged.transitions += len(history)
        self.judged.ends[row.status] += 1
        left.model.saga(history, left.services.stored(row.id))
        state = retraced.state
        if state is None:
            return None
        folded = (state.status, state.number, state.wake_at or None)
        if folded != (row.status, row.number, row.wake_at):
            self._add(asked.what, [f"its row is {row}, its log folds to {state}"])
        told = Told(state, history)
        self._add(asked.what, _wrong(asked, told, plan, left.services))
        return told

    def _plan(self, reader: Reader, version: str) -> Plan:
        if version not in self._plans:
            body = reader.definition(version)
            if body is None:
                raise LookupError(f"the log has no definition {version}")
            self._plans[version] = Plan(parse(body))
        return self._plans[version]

    def _add(self, what: str, wrong: Iterable[str]) -> None:
        self.judged.differences += [f"{what}: {one}" for one in wrong]


def _wrong(asked: Asked, told: Told, plan: Plan, services: Ledgers) -> Iterator[str]:
    """What the end of a saga and the databases do not have as they must."""
    saga, known = told.state.saga, rounds(told.history)
    effective = {leaf.name: _has_effect(leaf) for leaf in steps_of(plan.definition.body)}
    stored = services.stored(saga).items()
    remembered = {name: found for name, found in stored if effective.get(name, True)}
    yield from effects.differences(effective, told.state, known, remembered)
    if asked.drawn is None:
        return
    yield from legal.end(asked.drawn, asked.given, told.state, asked.turns)
    yield from legal.answers(asked.drawn, asked.given, told.history)
    played = services.played.get(saga, {})
    yield from effects.differences(
        effective, told.state, known, played, taken_back=asked.taken_back
    )
    yield from effects.amounts(known, played, services.standing.get(saga, {}))


def _has_effect(leaf: Leaf) -> bool:
    """Whether a service does something for it; what a child does is the child's."""
    return isinstance(leaf, Step) and leaf.kind != "read" and not leaf.child


def _wrong_base(start: Start, state: State) -> Iterator[str]:
    """What is wrong with the end of a saga of the application."""
    if state.status == "completed" and start.fails:
        yield "completed, though it was to fail"
    elif state.status not in ("completed", "failed"):
        yield f"not at an end: {state.status}"
