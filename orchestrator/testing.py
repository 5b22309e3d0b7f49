"""given / expect: test a saga of your own on the real engine, without Kafka, services or waiting.

    (
        given(order_fulfillment)
        .start(PlaceOrder(order_id=1, user_id=2, product_id=3, quantity=1))
        .expect(QuoteProduct(product_id=3, quantity=1))
        .refuse("product", "product_not_found")
        .expect_failed(code="product_not_found", status=404)
    )

The test is the participants and the clock; what it does not answer stays unanswered. An expectation
that does not hold raises AssertionError with the timeline of the saga.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal, NoReturn, Self

from msgspec.structs import asdict
from pydantic import BaseModel, ValidationError

from orchestrator.definition.builder import Saga
from orchestrator.definition.catalogue import validated
from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Emitted, Fact, Failed, Sent, Transition
from orchestrator.engine.inputs import Input, Repair, Reply, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State

Expected = BaseModel | type[BaseModel]
"""A message as a whole, or only its contract: then its fields may be anything."""

BEGIN_MS = 1_700_000_000_000
SAGA = 1 << 10


def given(saga: Saga) -> "Scenario":
    """Begin a test of this saga."""
    return Scenario(saga)


class Scenario:
    """One saga in a test: told things one after another, and asked what it did."""

    def __init__(self, saga: Saga) -> None:
        self._saga = saga
        self._plan = Plan(saga.definition)
        self._now = BEGIN_MS
        self._state: State | None = None
        self._log: list[Transition] = []
        self._sent: list[Sent] = []
        self._told: list[Emitted] = []
        self._open: list[tuple[Sent, type[BaseModel]]] = []

    # ---- given

    def start(self, message: BaseModel | Mapping[str, Any], *, key: str = "test") -> Self:
        """Start the saga with this input; raises InvalidInput where it does not fit."""
        data = _json(message) if isinstance(message, BaseModel) else dict(message)
        complete = validated(self._saga.input, data)
        return self._take(Start("start", self._now, SAGA, self._saga.version, 1, key, complete))

    def reply(self, message: BaseModel, *, to: str = "") -> Self:
        """A participant did what it was asked, and answers this.

        It answers the expected command whose contract names this reply; ``to`` names the step where
        several do.
        """
        kind = type(message)
        asked = [
            sent
            for sent, command in self._open
            if to in ("", sent.step) and getattr(command, "reply", None) is kind
        ]
        steps = {sent.step for sent in asked}
        if not asked:
            self._fail(f"no expected command is answered with {kind.__name__}")
        if len(steps) > 1:
            self._fail(
                f"{kind.__name__} answers several: write to= one of {', '.join(sorted(steps))}"
            )
        return self._answer(asked[-1], "succeeded", _json(message))

    def refuse(self, step: str, code: str, reason: str = "") -> Self:
        """The participant of this step refuses, with a code that its command declares."""
        sent = self._outstanding(step)
        declared = self._plan.steps[step].step.refusals
        if sent.direction == "do" and code not in declared:
            known = ", ".join(declared) or "none"
            self._fail(f"{sent.command} declares no refusal {code!r}, it declares {known}")
        return self._answer(sent, "refused", {"code": code, "reason": reason or code})

    def fail(self, step: str, reason: str = "it broke") -> Self:
        """The handler of this step raises: nobody knows what happened, and it is asked again."""
        data = {"code": "exception", "reason": reason}
        return self._answer(self._outstanding(step), "failed", data)

    def after(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Self:
        """Time passes: every timeout and pause up to then comes when it is due."""
        self._begun()
        passed = timedelta(seconds=seconds, minutes=minutes, hours=hours)
        until = self._now + round(passed.total_seconds() * 1000)
        while self._state and 0 < self._state.wake_at <= until:
            self._now = max(self._now, self._state.wake_at)
            self._take(Wake("wake", self._now))
        self._now = until
        return self

    def wait(self) -> Self:
        """Time passes until something is due: a timeout, or the end of a pause."""
        due = self._begun().wake_at
        if not due:
            self._fail("nothing is due: the saga has ended, or waits for a person")
        return self.after(seconds=(due - self._now) / 1000)

    def repair(
        self, action: Literal["retry", "skip", "resume"], step: str = "", *, reason: str = "test"
    ) -> Self:
        """An operator acts (DESIGN law 7)."""
        number = f"repair-{len(self._log)}"
        return self._take(Repair(number, self._now, action, step, reason, "test"))

    # ---- expect

    def expect(self, *commands: Expected) -> Self:
        """Exactly these commands were sent since the last time, in any order."""
        left = list(self._sent)
        for wanted in commands:
            match = (sent for sent in left if self._is(wanted, sent.command, sent.data))
            sent = next(match, None)
            if sent is None:
                self._fail(f"expected {_show(wanted)}, sent {_list(left)}")
            left.remove(sent)
            self._open.append((sent, _contract(wanted)))
        if left:
            self._fail(f"sent, but not expected: {_list(left)}")
        self._sent.clear()
        return self

    def expect_nothing(self) -> Self:
        """No command was sent since the last time."""
        return self.expect()

    def expect_event(self, *events: Expected) -> Self:
        """These events were told and have not been expected yet; others may have been too."""
        for wanted in events:
            match = (event for event in self._told if self._is(wanted, event.event, event.data))
            told = next(match, None)
            if told is None:
                shown = ", ".join(f"{e.event}({_fields(e.data)})" for e in self._told)
                self._fail(f"expected the event {_show(wanted)}, told {shown or 'none'}")
            self._told.remove(told)
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
        reason: str | None = None,
        status: int | None = None,
        undone: Iterable[str] | None = None,
    ) -> Self:
        """The saga ended, and what was done is undone.

        Checks what is given: ``reason`` is part of the whole one, ``undone`` names the steps that
        were compensated, in any order.
        """
        self._expect_status("failed")
        failed = next(fact for fact in self._facts() if isinstance(fact, Failed))
        if code not in (None, failed.code):
            self._fail(f"expected the code {code!r}, it is {failed.code!r}")
        if (reason or "") not in failed.reason:
            self._fail(f"expected the reason {reason!r}, it is {failed.reason!r}")
        if status not in (None, failed.status):
            self._fail(f"expected the status {status}, it is {failed.status}")
        if undone is not None and sorted(undone) != sorted(failed.undone):
            self._fail(f"expected {sorted(undone)} to be undone, it is {sorted(failed.undone)}")
        return self

    def expect_needs_operator(self, *steps: str) -> Self:
        """The saga stands still until a person decides about these steps."""
        self._expect_status("needs_operator")
        stuck = self._begun().stuck
        if sorted(stuck) != sorted(steps):
            self._fail(f"expected to stand at {', '.join(steps)}, it stands at {', '.join(stuck)}")
        return self

    def timeline(self) -> str:
        """What happened, a line for each fact, with seconds since the start."""
        return "\n".join(
            f"{(transition.at - BEGIN_MS) / 1000:>10.3f} s  {_line(fact)}"
            for transition in self._log
            for fact in transition.facts
        )

    @property
    def status(self) -> int:
        """The HTTP-like status that a saga failed with; 0 while it has not."""
        return self._begun().http

    # ---- how

    def _take(self, message: Input) -> Self:
        if not isinstance(message, Start):
            self._begun()
        self._state, transition = decide(self._plan, self._state, message)
        if transition.facts:
            self._log.append(transition)
        self._sent += [fact for fact in transition.facts if isinstance(fact, Sent)]
        self._told += [fact for fact in transition.facts if isinstance(fact, Emitted)]
        return self

    def _begun(self) -> State:
        if self._state is None:
            self._fail("the saga has not been started: call .start(...) first")
        return self._state

    def _facts(self) -> Iterable[Fact]:
        return (fact for transition in self._log for fact in transition.facts)

    def _outstanding(self, step: str) -> Sent:
        self._begun()
        found = [sent for sent, _ in self._open if sent.step == step]
        if not found:
            expected = ", ".join(sent.step for sent, _ in self._open) or "none"
            self._fail(f"step {step!r} has no expected command; those that have: {expected}")
        return found[-1]

    def _answer(
        self, sent: Sent, outcome: Literal["succeeded", "refused", "failed"], data: dict[str, Any]
    ) -> Self:
        number = f"reply-{len(self._log)}"
        where = (sent.step, sent.direction, sent.round, sent.attempt)
        return self._take(Reply(number, self._now, *where, outcome, data))

    def _is(self, wanted: Expected, name: str, data: Mapping[str, Any]) -> bool:
        """Whether a message is the wanted one; fails where its own contract refuses it."""
        contract = _contract(wanted)
        if contract.__name__ != name:
            return False
        try:
            # Through the contract: a default that was left out equals one that was written.
            message = contract.model_validate(data)
        except ValidationError as error:
            self._fail(f"{name}({_fields(data)}) does not follow its own contract: {error}")
        return isinstance(wanted, type) or message == wanted

    def _expect_status(self, wanted: str) -> Self:
        status = self._begun().status
        if status != wanted:
            self._fail(f"expected the saga to be {wanted}, it is {status}")
        return self

    def _fail(self, problem: str) -> NoReturn:
        story = self.timeline() or "nothing has happened yet"
        raise AssertionError(f"{self._saga.name}: {problem}\n{story}")


def _json(message: BaseModel) -> dict[str, Any]:
    return message.model_dump(mode="json", by_alias=True)


def _contract(wanted: Expected) -> type[BaseModel]:
    return wanted if isinstance(wanted, type) else type(wanted)


def _show(wanted: Expected) -> str:
    fields = "..." if isinstance(wanted, type) else _fields(_json(wanted))
    return f"{_contract(wanted).__name__}({fields})"


def _list(sent: Iterable[Sent]) -> str:
    return ", ".join(f"{one.command}({_fields(one.data)})" for one in sent) or "nothing"


def _fields(data: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in data.items())


def _line(fact: Fact) -> str:
    name = type(fact).__name__.lower()
    if isinstance(fact, Sent):
        return f"{name:<12} {fact.step} {fact.direction} {_list([fact])}, attempt {fact.attempt}"
    if isinstance(fact, Emitted):
        return f"{name:<12} {fact.event}({_fields(fact.data)})"
    shown = {k: v for k, v in asdict(fact).items() if v not in ("", (), {}, 0)}
    return f"{name:<12} {_fields(shown)}".rstrip()
