"""What a test can let happen to a saga."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

from pydantic import BaseModel

from contracts.messages import Signal
from orchestrator.engine.signals import CANCEL
from orchestrator.testing.asked import Asked, written
from orchestrator.testing.run import Action
from orchestrator.testing.story import Story


class Happenings(Story):
    """Participants, other sagas, people and the clock."""

    def start(self, message: BaseModel | Mapping[str, Any], *, key: str = "test") -> Self:
        """Start the saga with this input; raises InvalidInput where it does not fit."""
        self._run.start(written(message) if isinstance(message, BaseModel) else message, key)
        return self

    def reply(self, message: BaseModel, *, to: str = "") -> Self:
        """A participant did what it was asked, or another saga completed, and answers this.

        It answers the expected command (or saga) whose contract names this reply; ``to`` names the
        step where several do.
        """
        kind = type(message)
        asked = [one for one in self._asked if to in ("", one.sent.step) and one.reply is kind]
        steps = sorted({one.sent.step for one in asked})
        if not asked:
            self._fail(f"no expected command is answered with {kind.__name__}")
        if len(steps) > 1:
            self._fail(
                f"{kind.__name__} answers several, name one of them: to={' or '.join(steps)}"
            )
        self._run.answer(asked[-1].sent, "succeeded", written(message))
        return self

    def complete(self, step: str) -> Self:
        """The saga of this step, which returns nothing, has completed."""
        asked = self._child(step)
        if asked.reply is not None:
            self._fail(f"{asked.sent.command} returns {asked.reply.__name__}: write .reply(...)")
        self._run.answer(asked.sent, "succeeded", {})
        return self

    def refuse(self, step: str, code: str, reason: str = "") -> Self:
        """The participant of this step refuses, with a code that its command declares; or the saga
        of this step has failed with it.
        """
        asked = self._outstanding(step)
        if code not in asked.refusals:
            known = ", ".join(asked.refusals) or "none"
            self._fail(f"{asked.sent.command} declares no refusal {code!r}, it declares {known}")
        self._run.answer(asked.sent, "refused", {"code": code, "reason": reason or code})
        return self

    def fail(self, step: str, reason: str = "it broke") -> Self:
        """The handler of this step raises: nobody knows what happened, and it is asked again."""
        asked = self._outstanding(step)
        if asked.child:
            self._fail(f"the saga {asked.sent.command} ends: write .refuse({step!r}, ...)")
        self._run.answer(asked.sent, "failed", {"code": "exception", "reason": reason})
        return self

    def decide(self, step: str, why: str = "") -> Self:
        """The saga of this step has decided the oldest signal that was handed on to it: it is
        applied, or refused because of ``why``.
        """
        asked, state = self._child(step), self._begun()
        held = [one for one in state.held if one.step == step]
        if not held:
            self._fail(f"no signal is handed on to {step}")
        self._run.answer(asked.sent, "answered", {"signal": held[0].id, "why": why})
        return self

    def after(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Self:
        """Time passes: every timeout and pause up to then comes when it is due."""
        self._begun()
        passed = timedelta(seconds=seconds, minutes=minutes, hours=hours)
        self._run.pass_time(round(passed.total_seconds() * 1000))
        return self

    def wait(self) -> Self:
        """Time passes until something is due: a timeout, or the end of a pause or of a wait."""
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

    def signal(
        self, message: Signal, *, by: str = "test", reason: str = "", id: str = ""
    ) -> Self:  # pylint: disable=redefined-builtin
        """Somebody tells the saga this; the same ``id`` is the same signal (DESIGN law 4).

        What does not apply is refused: see ``expect_refused``.
        """
        self._begun()
        self._run.signal(message.name, reason, by, id, data=written(message))
        return self

    def repair(self, action: Action, step: str = "", *, reason: str = "test") -> Self:
        """An operator acts (DESIGN law 7)."""
        self._begun()
        self._run.repair(action, step, reason)
        return self

    def _child(self, step: str) -> Asked:
        asked = self._outstanding(step)
        if not asked.child:
            self._fail(f"{step} is no saga, it is the command {asked.sent.command}")
        return asked
