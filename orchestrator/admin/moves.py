"""The route that moves running sagas to another version of their definition.

HTTP publishes a move for each of them as anybody may (law 10), and waits for the decisions: each
saga's owner decides whether it can go on by that version, and the answer is in its history.
"""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field

from infra.clock import Clock
from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey
from orchestrator.admin.ports import Backend
from orchestrator.admin.rollouts import Version, defined
from orchestrator.engine.facts import Moved, MoveRefused

DECIDED_S: Final = 10.0
"""How long to wait for the decisions before saying which are not there yet."""
POLL_S: Final = 0.05
AT_ONCE: Final = 200

Name = Annotated[str, Path(min_length=1, max_length=100, description="a definition's name")]
Deploying = Annotated[Principal, permission("definitions:deploy")]
SagaId = Annotated[int, Field(ge=0, lt=2**53)]


class MoveBody(BaseModel):
    """Which sagas go on by which version, and why; the ``definition`` of the version where it may
    not be in the log yet.
    """

    model_config = ConfigDict(extra="forbid")

    sagas: list[SagaId] = Field(min_length=1, max_length=AT_ONCE)
    version: Version | None = None
    definition: dict[str, Any] | None = None
    reason: str = Field(min_length=1, max_length=1000)
    by: str | None = Field(default=None, min_length=1, max_length=200)


def move_routes(backend: Backend, clock: Clock) -> APIRouter:
    """The route ``/definitions/{name}/moves``."""
    router = APIRouter(prefix="/definitions", tags=["definitions"])

    @router.post(
        "/{name}/moves", status_code=202, responses=responses(400, 401, 403, 404, 413, 422, 503)
    )
    async def move(
        name: Name, body: Annotated[MoveBody, Body()], key: IdempotencyKey, who: Deploying
    ) -> Any:
        """Move running sagas to another version of their definition.

        Of each saga the `outcome` is `moved`, `refused` with the reason, or `pending` where the
        decision is not known yet. The same key is the same move (law 4).
        """
        wanted = body.version
        if body.definition is not None:
            wanted = defined(name, body.definition, wanted)
        if wanted is None:
            raise Problem(422, "version: name the version to move to", code="invalid_input")
        strangers = [saga for saga in body.sagas if not _is(backend, saga, name, who.tenant)]
        if strangers:
            detail = f"there is no saga {strangers[0]} of {name}"
            raise Problem(404, detail, code="saga_not_found")
        asked = {saga: f"{key}/{saga}" for saga in dict.fromkeys(body.sagas)}
        for saga, request in asked.items():
            if _moved_to(backend, saga, request) not in (None, wanted):
                detail = f"the Idempotency-Key {key} was used to move saga {saga} elsewhere"
                raise Problem(422, detail, code="key_reused")
        door, by = backend.door, body.by or who.name
        if body.definition is not None:
            await door.define(body.definition, who.tenant, request=f"{key}/definition")
        for saga, request in asked.items():
            await door.move(saga, wanted, body.reason, by, who.tenant, request=request)
        decided = await _decided(backend, clock, asked)
        return {"definition": name, "version": wanted, "items": decided}

    return router


def _is(backend: Backend, saga: int, name: str, tenant: int) -> bool:
    row = backend.reader.saga(saga, tenant)
    return row is not None and row.definition == name


def _moved_to(backend: Backend, saga: int, request: str) -> str | None:
    """The version that this request was about, where it has been decided."""
    state = backend.reader.state(saga)
    if state is None or request not in state.moves:
        return None
    for transition in backend.reader.history(saga):
        for fact in transition.facts:
            if isinstance(fact, (Moved, MoveRefused)) and fact.request == request:
                return fact.version
    return None


async def _decided(backend: Backend, clock: Clock, asked: dict[int, str]) -> list[dict[str, Any]]:
    """What became of each, as far as it is known in time."""
    found: dict[int, str] = {}
    deadline = clock.monotonic() + DECIDED_S
    while True:
        for saga, request in asked.items():
            state = None if saga in found else backend.reader.state(saga)
            if state is not None and request in state.moves:
                found[saga] = state.moves[request]
        if len(found) == len(asked) or clock.monotonic() > deadline:
            return [_shown(saga, found.get(saga)) for saga in asked]
        await asyncio.sleep(POLL_S)


def _shown(saga: int, why: str | None) -> dict[str, Any]:
    outcome = "pending" if why is None else "refused" if why else "moved"
    return {"saga": saga, "outcome": outcome, "why": why or ""}
