"""Starting a saga over HTTP: publish the start, wait until it is in the log, and if asked until its
end.

HTTP does no more than anybody else who publishes a start (law 10); what is added is the waiting and
the early refusal of what the owner would refuse as well.
"""

import asyncio
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import ValidationError

from contracts.topics import partition_of_start
from infra.clock import Clock
from infra.http.errors import Problem
from infra.http.problems import invalid_request
from orchestrator.admin.ports import Backend
from orchestrator.definition.errors import InvalidInput, UnknownDefinition
from orchestrator.engine.rollouts import in_force
from orchestrator.engine.state import State
from orchestrator.runtime.admission import Admission
from orchestrator.runtime.intake import MAX_INPUT_BYTES
from orchestrator.runtime.messages import Refused
from orchestrator.sagalog.rows import SagaRow

IN_LOG_S: Final = 10.0
"""How long to wait for a start to appear in the log before saying that it has not yet."""
ENVELOPE_BYTES: Final = 2_048
_ENDED: Final = ("completed", "failed")


class Asked(NamedTuple):
    """A start as it was asked for; ``traceparent`` is a valid one, or empty."""

    tenant: int
    definition: str
    key: str
    given: dict[str, Any]
    traceparent: str = ""


class Started(NamedTuple):
    """A saga that is in the log, and whether its end is part of the answer.

    It is when the saga ended within the wait, or had ended before it was asked for once more; not
    by the luck of a saga that is quicker than the answer to a caller who waits for nothing.
    """

    saga: int
    ended: bool


async def start(backend: Backend, clock: Clock, asked: Asked, *, wait_s: float) -> Started:
    """The saga of this request key, begun now or before; answers after at most ``wait_s``.

    Raises Problem: 404 unknown definition, 413 too large, 422 invalid input or the key was used
    with another input, what the saga's owner refused it with, 503 not taken by Kafka in time, or
    taken but not in the log yet: either way the saga may still run, and the same key finds it.
    """
    began = clock.monotonic()
    _limit(asked)
    admission = Admission(backend.catalogue, backend.reader)
    before = backend.reader.by_key(asked.tenant, asked.definition, asked.key)
    if before is None:
        _check(backend, admission, asked)
    row = before or await _begun(backend, asked, max(IN_LOG_S, wait_s))
    state = backend.reader.state(row.id)
    if state is not None and not _same(backend, admission, asked, state):
        detail = f"the Idempotency-Key {asked.key} was used for saga {row.id} with another input"
        raise Problem(422, detail, code="key_reused", members={"saga": row.id})
    left = wait_s - (clock.monotonic() - began)
    if left > 0 and row.status not in _ENDED:
        row = await backend.wait_saga(row.id, left) or row
    return Started(row.id, row.status in _ENDED and (before is not None or wait_s > 0))


def _limit(asked: Asked) -> None:
    most = MAX_INPUT_BYTES - ENVELOPE_BYTES
    if len(msgspec.json.encode(asked.given)) > most:
        raise Problem(413, f"an input has at most {most} bytes", code="input_too_large")


def _check(backend: Backend, admission: Admission, asked: Asked) -> None:
    """Refuse what the owner would refuse as well; raises Problem 404, 422.

    Under a rollout the owner may know more than this file does yet: then what any version in play
    reads is left to it.
    """
    name, partitions = asked.definition, backend.door.partitions
    partition = partition_of_start(asked.tenant, name, asked.key, partitions)
    rollout = in_force(backend.reader.rollouts(partition)).get(name)
    try:
        chosen = admission.chosen(name, rollout, asked.tenant, asked.key)
        chosen.read(asked.given)
    except UnknownDefinition as error:
        raise Problem(404, str(error), code="definition_not_found") from error
    except InvalidInput as error:
        others = (rollout.base, rollout.version) if rollout else ()
        if not any(_reads(admission, name, version, asked.given) for version in others):
            raise invalid(error) from error


def _reads(admission: Admission, name: str, version: str, given: dict[str, Any]) -> bool:
    try:
        admission.version(name, version).read(given)
    except (InvalidInput, UnknownDefinition):
        return False
    return True


def _same(backend: Backend, admission: Admission, asked: Asked, state: State) -> bool:
    """Whether the saga of this key was started with this input."""
    versions = [state.version]
    if asked.definition in backend.catalogue.names():
        versions.append(backend.catalogue.named(asked.definition).version)
    return admission.same_input(asked.definition, versions, asked.given, state.data["input"])


def invalid(error: InvalidInput, *place: str) -> Problem:
    """The problem for data that break their contract; ``place`` is where they stand in the body."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return Problem(422, str(error), code="invalid_input")
    found = cause.errors(include_url=False, include_context=False, include_input=False)
    return invalid_request([{**one, "loc": ("body", *place, *one["loc"])} for one in found])


async def _begun(backend: Backend, asked: Asked, timeout_s: float) -> SagaRow:
    published = backend.door.start(
        asked.definition,
        asked.key,
        asked.given,
        asked.tenant,
        traceparent=asked.traceparent or None,
    )
    try:
        async with asyncio.timeout(timeout_s):
            await published
    except TimeoutError as error:
        # what is to be sent stays with the sender, which goes on trying
        detail = (
            "Kafka has not taken the start yet; it may still be taken, and the saga run:"
            f" ask again with the Idempotency-Key {asked.key}"
        )
        raise _later(detail, "broker_unavailable") from error
    found = await backend.wait(asked.tenant, asked.definition, asked.key, timeout_s)
    if found is None:
        detail = (
            "Kafka has taken the start, but it is not in the log yet; the saga may still run:"
            f" ask again with the Idempotency-Key {asked.key}"
        )
        raise _later(detail, "not_in_log_yet")
    if isinstance(found, Refused):
        raise Problem(found.status, found.reason, code=found.code)
    return found


def _later(detail: str, code: str) -> Problem:
    return Problem(503, detail, code=code, headers={"Retry-After": "1"})
