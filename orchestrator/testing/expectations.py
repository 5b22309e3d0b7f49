"""What a test can expect of a saga."""

from collections.abc import Iterable
from typing import Self

from orchestrator.engine.facts import Failed, Halted, Sent
from orchestrator.testing.asked import Asked, Expected, asked, show
from orchestrator.testing.story import Story
from orchestrator.testing.words import commands, events


class Expectations(Story):
    """What it has sent and told since the last time, and how it stands."""

    def expect(self, *wanted: Expected) -> Self:
        """Exactly these commands were sent since the last time, and these sagas begun, in any
        order.
        """
        left = list(self._run.sent)
        for one in wanted:
            match = next(filter(None, (self._matching(one, sent) for sent in left)), None)
            if match is None:
                self._fail(f"expected {show(one)}, sent {commands(left)}")
            left.remove(match.sent)
            self._asked.append(match)
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
                self._fail(f"expected the event {show(one)}, told {events(told)}")
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

    def expect_waiting(self, *steps: str) -> Self:
        """Exactly these steps wait for a signal, or for their time to be over."""
        waiting = [name for name, at in self._begun().steps.items() if at.phase == "waiting"]
        if sorted(steps) != sorted(waiting):
            self._fail(f"expected {_names(steps)} to wait, it is {_names(waiting)}")
        return self

    def expect_applied(self) -> Self:
        """The last signal that was decided applies."""
        signals = list(self._begun().signals.values())
        if not signals:
            self._fail("expected a signal to be applied, none was decided")
        if signals[-1]:
            self._fail(f"expected the last signal to be applied, it was refused: {signals[-1]}")
        return self

    def expect_held(self, step: str) -> Self:
        """A signal is held until this step has settled, or the saga that runs there has decided."""
        held = [one.step for one in self._begun().held]
        if step not in held:
            self._fail(f"expected a signal to be held for {step}, held is {_names(held)}")
        return self

    def expect_stopped(self, *steps: str) -> Self:
        """Exactly the sagas of these steps have been told to stop."""
        self._begun()
        stopped = {fact.step for fact in self._run.facts() if isinstance(fact, Halted)}
        if set(steps) != stopped:
            self._fail(f"expected {_names(steps)} to be told to stop, it is {_names(stopped)}")
        return self

    def _matching(self, wanted: Expected, sent: Sent) -> Asked | None:
        found = asked(self._run.saga, sent, wanted)
        return found if found and self._is(wanted, found.name, sent.data) else None

    def _expect_status(self, wanted: str) -> Self:
        status = self._begun().status
        if status != wanted:
            self._fail(f"expected the saga to be {wanted}, it is {status}")
        return self


def _names(steps: Iterable[str]) -> str:
    return ", ".join(sorted(steps)) or "none"
