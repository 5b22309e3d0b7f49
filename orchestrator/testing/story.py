"""What a test has told a saga so far, and how it fails."""

from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic import ValidationError

from orchestrator.definition.words.builder import Saga
from orchestrator.engine.state import State
from orchestrator.testing.asked import Asked, Expected, contract_of
from orchestrator.testing.run import Run
from orchestrator.testing.words import fields


class Story:
    """One saga in a test, and what of its commands has been expected."""

    def __init__(self, saga: Saga) -> None:
        self._run = Run(saga)
        self._asked: list[Asked] = []

    def _begun(self) -> State:
        if self._run.state is None:
            self._fail("the saga has not been started: call .start(...) first")
        return self._run.state

    def _outstanding(self, step: str) -> Asked:
        self._begun()
        found = [one for one in self._asked if one.sent.step == step]
        if not found:
            expected = ", ".join(one.sent.step for one in self._asked) or "none"
            self._fail(f"step {step!r} has no expected command; those that have: {expected}")
        return found[-1]

    def _is(self, wanted: Expected, name: str, data: Mapping[str, Any]) -> bool:
        """Whether a message is the wanted one; fails where its own contract refuses it."""
        contract = contract_of(wanted)
        if contract.__name__ != name:
            return False
        try:
            # Through the contract: a default that was left out equals one that was written.
            message = contract.model_validate(data)
        except ValidationError as error:
            self._fail(f"{name}({fields(data)}) does not follow its own contract: {error}")
        return isinstance(wanted, type | Saga) or message == wanted

    def _fail(self, problem: str) -> NoReturn:
        story = self._run.timeline() or "nothing has happened yet"
        raise AssertionError(f"{self._run.saga.name}: {problem}\n{story}")
