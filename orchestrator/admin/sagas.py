"""The routes of sagas: start, look, list, cancel, repair. Another tenant's saga is not there (law
13).
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from infra.clock import Clock
from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.paging import Page, page_of
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey, JsonObject, Traceparent, Wait
from orchestrator.admin import starts, views
from orchestrator.admin.asking import Mending, mend, mended
from orchestrator.admin.children import waits
from orchestrator.admin.ports import Action, Backend
from orchestrator.admin.signals import SagaId, add_signal_routes
from orchestrator.engine.facts import Ignored
from orchestrator.engine.state import State, Status
from orchestrator.sagalog.rows import SagaRow

Name = Annotated[str, Path(min_length=1, max_length=100, description="a definition's name")]
Reading = Annotated[Principal, permission("sagas:read")]
Writing = Annotated[Principal, permission("sagas:write")]
Repairing = Annotated[Principal, permission("sagas:repair")]
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "the input, as the definition's contract has it",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class RepairBody(BaseModel):
    """What an operator decides (law 7); ``step`` may be left out where only one stands still."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    reason: str = Field(min_length=1, max_length=1000)
    step: str | None = Field(default=None, min_length=1, max_length=100)
    by: str | None = Field(default=None, min_length=1, max_length=200)


def saga_routes(backend: Backend, clock: Clock) -> APIRouter:
    """The routes under ``/sagas``."""
    router = APIRouter(prefix="/sagas", tags=["sagas"])
    asked = Sagas(backend, clock)
    router.get("", responses=responses(401, 403, 422))(asked.listing)
    router.get("/{saga}", responses=responses(401, 403, 404, 422))(asked.one)
    router.get("/{saga}/history", responses=responses(401, 403, 404, 422))(asked.history)
    router.post(
        "/{saga}/repair", status_code=202, responses=responses(400, 401, 403, 404, 409, 422, 503)
    )(asked.repair)
    add_signal_routes(router, backend, asked.state)
    router.post(
        "/{definition}",
        status_code=202,
        openapi_extra=_BODY,
        responses={
            200: {"description": "it has ended within the wait, completed or failed: see `state`"},
            **responses(400, 401, 403, 404, 413, 415, 422, 503),
        },
    )(asked.start)
    return router


class Sagas:
    """The handlers of ``/sagas``."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock

    async def start(  # pylint: disable=too-many-positional-arguments  # FastAPI fills them by name
        self,
        who: Writing,  # first, so that a stranger's body is not even looked at
        definition: Name,
        key: IdempotencyKey,
        body: JsonObject,
        wait: Wait,
        trace: Traceparent,
        response: Response,
    ) -> Any:
        """Start a saga. 202 once the start is in the log, 200 when the saga has ended within the
        wait.

        A saga that failed, and so was undone, is a result too: 200 with `state` `failed` and its
        `failure`. The same key with the same input is the same saga.
        """
        started = await starts.start(
            self._backend,
            self._clock,
            starts.Asked(who.tenant, definition, key, body, trace),
            wait_s=wait,
        )
        response.status_code = 200 if started.ended else 202
        response.headers["Location"] = f"/sagas/{started.saga}"
        return self._view(self.state(started.saga, who))

    async def listing(
        self,
        who: Reading,
        page: Page,
        request: Request,
        response: Response,
        definition: Annotated[str | None, Query(max_length=100)] = None,
        state: Annotated[Status | None, Query()] = None,
    ) -> Any:
        """A page of sagas, the newest first."""
        rows = self._backend.reader.list(who.tenant, definition, state, page.after, page.fetch)
        return page_of(rows, page, request=request, response=response, key=_id, show=views.listed)

    async def one(self, saga: SagaId, who: Reading) -> Any:
        """One saga: its data, its steps, and why it does not move, if it does not."""
        return self._view(self.state(saga, who))

    async def history(self, saga: SagaId, who: Reading) -> Any:
        """Every decision about a saga, in order."""
        found = self._backend.reader.history(saga, who.tenant)
        if not found:
            raise _missing(saga)
        return {"items": [views.happened(transition) for transition in found], "next": None}

    async def repair(
        self,
        saga: SagaId,
        body: Annotated[RepairBody, Body()],
        key: IdempotencyKey,
        who: Repairing,
        response: Response,
    ) -> Any:
        """Ask for a repair of a saga that stands still: 409 with the reason where it was not made.

        `outcome` is `applied`, or `pending` where that is not known yet; then the history tells it.
        The same key is the same repair, also when the saga has moved on since (law 4).
        """
        asked = Mending(
            saga, who.tenant, body.action, body.step or "", body.reason, body.by or who.name, key
        )
        await mend(self._backend, self.state(saga, who), asked)
        came = await mended(self._backend, asked)
        if isinstance(came, Ignored):
            raise Problem(409, f"saga {saga} was not repaired: {came.why}", code="repair_refused")
        response.headers["Location"] = f"/sagas/{saga}"
        outcome = "applied" if came else "pending"
        return {"saga": saga, "action": body.action, "step": body.step, "outcome": outcome}

    def state(self, saga: int, who: Principal) -> State:
        """The saga as this process knows it; raises Problem 404."""
        # The row first: it knows the tenant, and folding another's history is not even begun.
        row = self._backend.reader.saga(saga, who.tenant)
        state = self._backend.reader.state(saga) if row is not None else None
        if state is None:
            raise _missing(saga)
        return state

    def _view(self, state: State) -> views.Json:
        reader = self._backend.reader
        waiting = waits(self._backend, state, self._clock.now_ms())
        row = reader.saga(state.saga)
        return views.whole(state, waiting, row and reader.partition_facts(row.partition))


def _missing(saga: int) -> Problem:
    return Problem(404, f"there is no saga {saga}", code="saga_not_found")


def _id(row: SagaRow) -> int:
    return row.id
