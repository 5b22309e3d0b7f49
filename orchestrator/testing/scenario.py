"""What a test tells a saga, and what it expects of it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NoReturn, Self

from pydantic import BaseModel, ValidationError

from orchestrator.definition.builder import Saga
from orchestrator.engine.facts import Failed, Sent
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State
from orchestrator.testing.run import Action, Run
from orchestrator.testing.words import commands, events, fields

Expected = BaseModel | type[BaseModel]
"""A message as a whole, or only its contract: then its fields may be anything."""


def given(saga: Saga) -> "Scenario":
    """Begin a test of this saga."""
    return Scenario(saga)


class Scenario:
    """One saga in a test: told things one after another, and asked what it did."""

    def __init__(self, saga: Saga) -> None:
        self._run = Run(saga)
        self._asked: list[tuple[Sent, type[BaseModel]]] = []

    def start(self, message: BaseModel | Mapping[str, Any], *, key: str = "test") -> Self:
        """Start the saga with this input; raises InvalidInput where it does not fit."""
        self._run.start(_json(message) if isinstance(message, BaseModel) else message, key)
        return self

    def reply(self, message: BaseModel, *, to: str = "") -> Self:
        """A participant did what it was asked, and answers this.

        It answers the expected command whose contract names this reply; ``to`` names the step
        where several do.
        """
        kind = type(message)
        asked = [
            sent
            for sent, command in self._asked
            if to in ("", sent.step) and getattr(command, "reply", None) is kind
        ]
        steps = sorted({sent.step for sent in asked})
        if not asked:
            self._fail(f"no expected command is answered with {kind.__name__}")
        if len(steps) > 1:
            self._fail(
                f"{kind.__name__} answers several, name one of them: to={' or '.join(steps)}"
            )
        self._run.answer(asked[-1], "succeeded", _json(message))
        return self

    def refuse(self, step: str, code: str, reason: str = "") -> Self:
        """The participant of this step refuses, with a code that its command declares."""
        sent, contract = self._outstanding(step)
        declared: Mapping[str, int] = getattr(contract, "refusals", {})
        if code not in declared:
            known = ", ".join(declared) or "none"
            self._fail(f"{sent.command} declares no refusal {code!r}, it declares {known}")
        self._run.answer(sent, "refused", {"code": code, "reason": reason or code})
        return self

    def fail(self, step: str, reason: str = "it broke") -> Self:
        """The handler of this step raises: nobody knows what happened, and it is asked again."""
        sent, _ = self._outstanding(step)
        self._run.answer(sent, "failed", {"code": "exception", "reason": reason})
        return self

    def after(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Self:
        """Time passes: every timeout and pause up to then comes when it is due."""
        self._begun()
        passed = timedelta(seconds=seconds, minutes=minutes, hours=hours)
        self._run.pass_time(round(passed.total_seconds() * 1000))
        return self

    def wait(self) -> Self:
        """Time passes until something is due: a timeout, or the end of a pause."""
        due = self._begun().wake_at
        if not due:
            self._fail("nothing is due: the saga has ended, or waits for a person")
        self._run.pass_time(due - self._run.now)
        return self

    def crash(self) -> Self:
        """The process dies, and another one goes on from its log: what is out is sent again."""
        self._begun()
        if not self._run.crash():
            self._fail("the log does not say all that the saga knew")
        return self

    def cancel(
        self, reason: str = "test", *, by: str = "test", id: str = ""
    ) -> Self:  # pylint: disable=redefined-builtin
        """Somebody cancels the saga; the same ``id`` is the same signal (DESIGN law 4)."""
        self._begun()
        self._run.signal(CANCEL, reason, by, id)
        return self

    def repair(self, action: Action, step: str = "", *, reason: str = "test") -> Self:
        """An operator acts (DESIGN law 7)."""
        self._begun()
        self._run.repair(action, step, reason)
        return self

    def expect(self, *wanted: Expected) -> Self:
        """Exactly these commands were sent since the last time, in any order."""
        left = list(self._run.sent)
        for one in wanted:
            match = (sent for sent in left if self._is(one, sent.command, sent.data))
            sent = next(match, None)
            if sent is None:
                self._fail(f"expected {_show(one)}, sent {commands(left)}")
            left.remove(sent)
            self._asked.append((sent, _contract(one)))
        if left:
            self._fail(f"sent, but not expected: {commands(left)}")
        self._run.sent.clear()
        return self

    def expect_nothing(self) -> Self:
        """No command was sent since the last time."""
        return self.expect()

    def expect_event(self, *wanted: Expected) -> Self:
        """These events were told and have not been expected yet; others may have been too."""
        told = self._run.told
        for one in wanted:
            match = (event for event in told if self._is(one, event.event, event.data))
            event = next(match, None)
            if event is None:
                self._fail(f"expected the event {_show(one)}, told {events(told)}")
            told.remove(event)
        return self

    def expect_running(self) -> Self:
        """The saga goes on."""
        return self._expect_status("running")

    def expect_completed(self) -> Self:
        """The saga ended well."""
        return self._expect_status("completed")

    def expect_failed(
        self,
        *,
        code: str | None = None,
        reason: str = "",
        status: int | None = None,
        undone: Iterable[str] | None = None,
    ) -> Self:
        """The saga ended, and what was done is undone.

        Checks what is given: ``reason`` is part of the whole one, ``undone`` names the steps that
        were compensated, in any order.
        """
        self._expect_status("failed")
        failed = next(fact for fact in self._run.facts() if isinstance(fact, Failed))
        if code not in (None, failed.code):
            self._fail(f"expected the code {code!r}, it is {failed.code!r}")
        if reason not in failed.reason:
            self._fail(f"expected the reason {reason!r}, it is {failed.reason!r}")
        if status not in (None, failed.status):
            self._fail(f"expected the status {status}, it is {failed.status}")
        if undone is not None and sorted(undone) != sorted(failed.undone):
            self._fail(f"expected {sorted(undone)} to be undone, it is {sorted(failed.undone)}")
        return self

    def expect_late(self) -> Self:
        """The deadline of the saga has passed when there was no way back any more."""
        if not self._begun().late:
            self._fail("expected the saga to be late, it is not")
        return self

    def expect_refused(self, reason: str = "") -> Self:
        """The last signal was refused, for a reason that contains this one."""
        signals = list(self._begun().signals.values())
        why = signals[-1] if signals else ""
        if not why:
            self._fail("expected the last signal to be refused, it was not")
        if reason not in why:
            self._fail(f"expected the signal to be refused with {reason!r}, it was with {why!r}")
        return self

    def expect_needs_operator(self, *steps: str) -> Self:
        """The saga stands still until a person decides about these steps."""
        self._expect_status("needs_operator")
        stuck = self._begun().stuck
        if sorted(stuck) != sorted(steps):
            self._fail(f"expected to stand at {', '.join(steps)}, it stands at {', '.join(stuck)}")
        return self

    @property
    def status(self) -> int:
        """The HTTP-like status that the saga fails with; 0 while nothing went wrong."""
        return self._begun().http

    def _begun(self) -> State:
        if self._run.state is None:
            self._fail("the saga has not been started: call .start(...) first")
        return self._run.state

    def _outstanding(self, step: str) -> tuple[Sent, type[BaseModel]]:
        self._begun()
        found = [(sent, contract) for sent, contract in self._asked if sent.step == step]
        if not found:
            expected = ", ".join(sent.step for sent, _ in self._asked) or "none"
            self._fail(f"step {step!r} has no expected command; those that have: {expected}")
        return found[-1]

    def _is(self, wanted: Expected, name: str, data: Mapping[str, Any]) -> bool:
        """Whether a message is the wanted one; fails where its own contract refuses it."""
        contract = _contract(wanted)
        if contract.__name__ != name:
            return False
        try:
            # Through the contract: a default that was left out equals one that was written.
            message = contract.model_validate(data)
        except ValidationError as error:
            self._fail(f"{name}({fields(data)}) does not follow its own contract: {error}")
        return isinstance(wanted, type) or message == wanted

    def _expect_status(self, wanted: str) -> Self:
        status = self._begun().status
        if status != wanted:
            self._fail(f"expected the saga to be {wanted}, it is {status}")
        return self

    def _fail(self, problem: str) -> NoReturn:
        story = self._run.timeline() or "nothing has happened yet"
        raise AssertionError(f"{self._run.saga.name}: {problem}\n{story}")


def _json(message: BaseModel) -> dict[str, Any]:
    return message.model_dump(mode="json", by_alias=True)


def _contract(wanted: Expected) -> type[BaseModel]:
    return wanted if isinstance(wanted, type) else type(wanted)


def _show(wanted: Expected) -> str:
    shown = "..." if isinstance(wanted, type) else fields(_json(wanted))
    return f"{_contract(wanted).__name__}({shown})"
