"""Everything that must add up when a run is over: the logs, the sagas, the databases."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contracts.topics import DEFAULT_TENANT
from orchestrator.chaos import legal
from orchestrator.chaos.ledgers import Ledgers
from orchestrator.chaos.replayed import Replayed
from orchestrator.chaos.retrace import retrace
from orchestrator.chaos.scenery import Scenery
from orchestrator.chaos.starts import Start
from orchestrator.definition.nodes import parse
from orchestrator.definition.tree import steps_of
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.compare import differences
from orchestrator.sagalog.reader import Reader

Answers = dict[tuple[str, str], set[int]]


@dataclass
class Judged:
    """How the sagas ended, how many transitions were retraced, and every difference."""

    ends: Counter[str] = field(default_factory=Counter[str])
    transitions: int = 0
    differences: list[str] = field(default_factory=list[str])


class _Left(NamedTuple):
    """What a run left behind: the log, the databases of the services, and what they must say."""

    log: Reader
    services: Ledgers
    model: Replayed


class Judge:
    """Compares what a run left with what the starts asked for."""

    def __init__(self, scenery: Scenery, starts: Sequence[Start], answers: Answers) -> None:
        self._scenery, self._starts, self._answers = scenery, starts, answers
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
            known = {saga for start in self._starts for saga in self._saga(start, left)}
            found = sum(reader.counts().values())
            if found != len(self._starts):
                self._add("the log", [f"{found} sagas for {len(self._starts)} starts"])
            strangers = sorted(set(ledgers.sagas()) - known)
            self._add(
                "the services", (f"effects of saga {one}, which is none" for one in strangers)
            )
            self._add("the books", ledgers.unbalanced)
            for name, books in ledgers.books.items():
                self._add("the books", model.compared(name, books))

    def _saga(self, start: Start, left: _Left) -> Iterator[int]:
        what = f"{start.definition} {start.key}"
        row = left.log.by_key(DEFAULT_TENANT, start.definition, start.key)
        if row is None:
            self._add(what, ["it was started, and there is no such saga"])
            return
        what = f"saga {row.id} ({what})"
        told = self._answers.get((start.definition, start.key), {row.id})
        if told != {row.id}:
            self._add(what, [f"the doors called it {sorted(told)}"])
        history = left.log.history(row.id)
        plan = self._plan(left.log, row.version)
        retraced = retrace(plan, history)
        self._add(what, retraced.differences)
        self.judged.transitions += len(history)
        self.judged.ends[row.status] += 1
        state = retraced.state
        if state is not None:
            folded = (state.status, state.number, state.wake_at or None)
            if folded != (row.status, row.number, row.wake_at):
                self._add(what, [f"its row is {row}, its log folds to {state}"])
            self._add(what, self._wrong(start, state, plan, left.services))
            if start.definition in self._scenery.drawn:
                self._add(what, legal.answers(start.input, history))
        left.model.saga(history, left.services.stored(row.id))
        yield row.id

    def _wrong(self, start: Start, state: State, plan: Plan, ledgers: Ledgers) -> Iterator[str]:
        body = plan.definition.body
        stored = ledgers.stored(state.saga)
        effective = {step.name: step.kind != "read" for step in steps_of(body)}
        remembered = {name: found for name, found in stored.items() if effective.get(name, True)}
        yield from legal.effects(effective, state, remembered)
        drawn = self._scenery.drawn.get(start.definition)
        if drawn is None:
            if state.status == "completed" and start.fails:
                yield "completed, though it was to fail"
            elif state.status not in ("completed", "failed"):
                yield f"not at an end: {state.status}"
            return
        yield from legal.end(drawn, start.input, state)
        yield from legal.effects(effective, state, ledgers.played.get(state.saga, {}))

    def _plan(self, reader: Reader, version: str) -> Plan:
        if version not in self._plans:
            body = reader.definition(version)
            if body is None:
                raise LookupError(f"the log has no definition {version}")
            self._plans[version] = Plan(parse(body))
        return self._plans[version]

    def _add(self, what: str, wrong: Iterable[str]) -> None:
        self.judged.differences += [f"{what}: {one}" for one in wrong]
