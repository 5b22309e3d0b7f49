"""A path as a test: each move in the words of `orchestrator.testing`, with what the saga does then.

What is expected is what the engine did; that it is right is what the exploration has shown.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from orchestrator.definition.nodes import Direction, Wait
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.deadline import EXCEEDED
from orchestrator.engine.facts import Sent, SignalHeld, Signalled, SignalRefused
from orchestrator.engine.signals import CANCEL
from orchestrator.testing.run import Run
from orchestrator.verify.errors import NoExample
from orchestrator.verify.examples import contract, example
from orchestrator.verify.move import Move

_MANY: Final = 1_000
_SIGNALS: Final = {"yes": "yes", "no": "no", "tells": "yes", "changes": ""}
_TAKEN: Final = (Signalled, SignalRefused, SignalHeld)
_WITHOUT_END: Final = 3


class Said(NamedTuple):
    """An answer as a test names it, and the message itself."""

    name: str
    message: BaseModel


class Messages:
    """An example of every message of one saga."""

    def __init__(self, saga: Saga, plan_steps: Mapping[str, Any]) -> None:
        self.input = example(saga.input)
        self.commands: dict[str, type[BaseModel]] = {}
        self.answers: dict[tuple[str, Direction], Said] = {}
        self.signals: dict[str, Said] = {}
        for name, planned in plan_steps.items():
            step = planned.step
            if isinstance(step, Wait):
                self._wait(saga, step)
                continue
            if name in saga.children:
                self._child(name, saga.children[name])
            else:
                self._add(name, "do", step.do)
            if step.undo:
                self._add(name, "undo", step.undo)
        for change in saga.definition.changes or ():
            self._signal(saga, change.signal, change.signal, {})

    @property
    def said(self) -> list[Said]:
        """Every message that a test may name, but for the input."""
        return [*self.answers.values(), *self.signals.values()]

    def _wait(self, saga: Saga, wait: Wait) -> None:
        if not wait.signal:
            return
        self._signal(saga, wait.signal, f"{wait.name}:yes", {wait.accepts: True})
        if wait.accepts:
            self._signal(saga, wait.signal, f"{wait.name}:no", {wait.accepts: False})

    def _signal(self, saga: Saga, signal: str, key: str, said: dict[str, Any]) -> None:
        made = example(saga.signals[signal])
        fields = {name: value for name, value in said.items() if name}
        made = type(made).model_validate(
            {**made.model_dump(exclude_unset=True), **fields}, by_name=True
        )
        self.signals[key] = Said(_word(key), made)

    def _child(self, name: str, child: Saga) -> None:
        self.commands[child.input.__name__] = child.input
        if child.result is not None:
            self.answers[name, "do"] = Said(f"{_word(name)}_DONE", example(child.result))

    def _add(self, name: str, direction: Direction, call: Any) -> None:
        command = contract(call)
        reply: type[BaseModel] = getattr(command, "reply")  # noqa: B009  # of any loaded contract
        said = f"{_word(name)}_{'DONE' if direction == 'do' else 'UNDONE'}"
        self.commands[call.command] = command
        self.answers[name, direction] = Said(said, example(reply))


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()


class Script:
    """One saga in a test: told a path, it says the lines of the test."""

    def __init__(self, saga: Saga, messages: Messages) -> None:
        self._saga = saga
        self._run = Run(saga)
        self._messages = messages
        self.lines: list[str] = []

    def play(self, path: tuple[Move, ...]) -> list[str]:
        """The lines of a whole path."""
        for move in path:
            if self._overtaken:
                break
            for line in self._told(move):
                self.lines += [line, *self._expected()]
        while self._overtaken and (out := self._out()):
            self.lines += [self._reply(out, None), *self._expected()]
        self.lines.append(self._end())
        return self.lines

    @property
    def _overtaken(self) -> bool:
        """Whether the deadline of the saga has passed on the way: paths leave out how long anything
        takes, and from there on they lead elsewhere.
        """
        return self._state is not None and self._state.code == EXCEEDED

    def _out(self) -> str:
        """A step whose command is out; empty where none is."""
        steps = self._state.steps.items()
        return next((name for name, step in steps if step.phase == "sent"), "")

    def _told(self, move: Move) -> Iterator[str]:
        """Do what the move says, a line at a time."""
        if move.verb == "start":
            self._run.start(self._messages.input.model_dump(mode="json", by_alias=True), "test")
            yield ".start(INPUT)"
        elif move.verb in ("succeeds", "reply"):
            yield self._reply(move.step, "do" if move.verb == "reply" else None)
        elif move.verb == "refuses":
            yield self._refuse(move)
        elif move.verb == "silent":
            yield self._silent(move.step)
        elif move.verb in ("times-out", "again", "runs", "expires"):
            self._run.pass_time(self._state.wake_at - self._run.now)
            yield ".wait()"
        elif move.verb == "cancel":
            self._run.signal(CANCEL, "test", "test")
            yield ".cancel()"
            yield from self._came()
        elif move.verb in _SIGNALS:
            yield self._tell(move)
            yield from self._came()
        elif move.verb in ("applies", "declines"):
            yield self._decide(move)
        elif move.verb == "crash":
            self._run.crash()
            yield ".crash()"
            direction = self._state.steps[move.step].direction
            yield self._reply(move.step, direction)
            yield self._reply(move.step, direction)
        else:
            yield from self._repair(move)

    @property
    def _state(self) -> Any:
        return self._run.state

    def _tell(self, move: Move) -> str:
        key = move.detail if move.verb == "changes" else f"{move.step}:{_SIGNALS[move.verb]}"
        said = self._messages.signals[key]
        data = said.message.model_dump(mode="json", by_alias=True)
        self._run.signal(getattr(said.message, "name", ""), "", "test", data=data)
        return f".signal({said.name})"

    def _came(self) -> Iterator[str]:
        """What became of the last signal, where that is not plain from what follows."""
        last = next((f for f in self._run.log[-1].facts if isinstance(f, _TAKEN)), None)
        if isinstance(last, SignalHeld):
            yield f'.expect_held("{last.step}")'
        elif isinstance(last, SignalRefused):
            yield ".expect_refused()"
        elif last is not None and last.signal != CANCEL:
            yield ".expect_applied()"

    def _decide(self, move: Move) -> str:
        """The child decides the oldest signal that was handed on to it."""
        held = next(one for one in self._state.held if one.step == move.step)
        why = "" if move.verb == "applies" else "too late"
        data = {"signal": held.id, "why": why}
        self._run.answer(self._last(move.step, "do"), "answered", data)
        return f'.decide("{move.step}"' + (f', "{why}")' if why else ")")

    def _last(self, name: str, direction: Direction | None) -> Sent:
        sent = [
            fact
            for fact in self._run.facts()
            if isinstance(fact, Sent) and fact.step == name and direction in (None, fact.direction)
        ]
        return sent[-1]

    def _reply(self, name: str, direction: Direction | None) -> str:
        sent = self._last(name, direction)
        said = self._messages.answers.get((name, sent.direction))
        if said is None:
            self._run.answer(sent, "succeeded", {})
            return f'.complete("{name}")'
        self._run.answer(sent, "succeeded", said.message.model_dump(mode="json", by_alias=True))
        return f'.reply({said.name}, to="{name}")'

    def _refuse(self, move: Move) -> str:
        data = {"code": move.detail, "reason": move.detail}
        self._run.answer(self._last(move.step, None), "refused", data)
        return f'.refuse("{move.step}", "{move.detail}")'

    def _silent(self, name: str) -> str:
        """Let the time pass until the step is given up."""
        began, first = self._run.now, self._state.steps[name]
        policy = self._run.plan.command(name).step
        retry = policy.retry if first.direction == "do" else policy.undo_retry
        for _ in range(_MANY if retry.attempts else _WITHOUT_END):
            step = self._state.steps[name]
            if not step.waits or step.direction != first.direction:
                break
            self._run.pass_time(self._state.wake_at - self._run.now)
        return f".after(seconds={(self._run.now - began) / 1000:g})"

    def _repair(self, move: Move) -> Iterator[str]:
        if move.verb not in ("retry", "skip"):
            raise NoExample(f"no test can tell the move {move}")
        yield f'.expect_needs_operator("{move.step}")'
        repair: Any = move.verb
        self._run.repair(repair, move.step, "test")
        yield f'.repair("{move.verb}", "{move.step}")'

    def _expected(self) -> list[str]:
        """What was sent since the last line."""
        names = [self._name(sent) for sent in self._run.sent]
        self._run.sent.clear()
        grouped = [(name, len(list(same))) for name, same in groupby(names)]
        shown = [name if n == 1 else f"*[{name}] * {n}" for name, n in grouped]
        return [f".expect({', '.join(shown)})"] if shown else []

    def _name(self, sent: Sent) -> str:
        """The contract by which a test expects it."""
        child = self._saga.children.get(sent.step) if sent.direction == "do" else None
        return child.input.__name__ if child else sent.command

    def _end(self) -> str:
        state = self._state
        if state.status == "failed":
            undone = ", ".join(f'"{name}"' for name in sorted(state.undone))
            return f'.expect_failed(code="{state.code}", status={state.http}, undone=[{undone}])'
        if state.status == "needs_operator":
            stuck = ", ".join(f'"{name}"' for name in state.stuck)
            return f".expect_needs_operator({stuck})"
        return f".expect_{state.status}()"
