"""The sagas that do the steps of another one, and so what that one waits for."""

from functools import partial

from contracts.envelope import idempotency_key
from orchestrator.admin.definitions import definition_of
from orchestrator.admin.ports import Backend
from orchestrator.admin.why import Waiting, why
from orchestrator.definition.nodes import Step
from orchestrator.engine.state import State
from orchestrator.sagalog.rows import SagaRow


def child_of(backend: Backend, state: State, step: Step, number: int) -> SagaRow | None:
    """The saga that does a step in the round ``number``, if it is there yet."""
    key = idempotency_key(state.tenant, state.saga, step.name, "do", number)
    return backend.reader.by_key(state.tenant, str(step.child), key)


def waits(backend: Backend, state: State, now: int) -> tuple[Waiting, ...]:
    """What a saga waits for, as ``why`` says it, with a look at the sagas that do its steps."""
    definition = definition_of(backend, state.version)
    return why(state, definition, now, partial(child_of, backend, state))
