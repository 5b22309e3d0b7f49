"""The routes of signals: tell a saga something, such as to stop, and what became of it.

HTTP publishes the signal as anybody may (law 10), and waits for the decision: the saga's owner
decides whether it applies, so a refusal is in the history too.
"""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey
from orchestrator.admin.asking import Fate, Telling, carried, fate_of, tell
from orchestrator.admin.ports import Backend
from orchestrator.engine.facts import SignalRefused
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State

SagaId = Annotated[int, Path(ge=0, lt=2**53, description="a saga's id")]
SignalId = Annotated[str, Path(min_length=1, max_length=200, description="a signal's id")]
Reading = Annotated[Principal, permission("sagas:read")]
Cancelling = Annotated[Principal, permission("sagas:cancel")]
Speaking = Annotated[Principal, permission("sagas:signal")]
Look = Callable[[int, Principal], State]


class CancelBody(BaseModel):
    """Why a saga is to stop, and who says so."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1000)
    by: str | None = Field(default=None, min_length=1, max_length=200)


class SignalBody(BaseModel):
    """What a saga is told: the signal's name, the fields of its contract, who says it and why."""

    model_config = ConfigDict(extra="forbid")

    signal: str = Field(min_length=1, max_length=100)
    reason: str = Field(default="", max_length=1000)
    by: str | None = Field(default=None, min_length=1, max_length=200)
    data: dict[str, Any] = {}


def add_signal_routes(router: APIRouter, backend: Backend, look: Look) -> None:
    """Add the routes to those of sagas; ``look`` finds a saga or raises Problem 404."""
    asked = Signals(backend, look)
    refusals = responses(400, 401, 403, 404, 409, 422, 503)
    router.post("/{saga}/cancel", status_code=202, responses=refusals)(asked.cancel)
    router.post("/{saga}/signals", status_code=202, responses=refusals)(asked.tell)
    # Its id is the sender's Idempotency-Key, which may have a slash in it.
    router.get("/{saga}/signals/{signal:path}", responses=responses(401, 403, 404, 422))(asked.one)


class Signals:
    """The handlers."""

    def __init__(self, backend: Backend, look: Look) -> None:
        self._backend = backend
        self._look = look

    async def cancel(
        self,
        saga: SagaId,
        body: Annotated[CancelBody, Body()],
        key: IdempotencyKey,
        who: Cancelling,
        response: Response,
    ) -> Any:
        """Cancel a running saga: 202, and what was done is undone; 409 with the reason where there
        is no way back any more.

        `outcome` is `applied`, `held` where a child saga or a step in flight decides it, or
        `pending` where the decision is not known yet; then it is at the place in `Location`. The
        same key is the same signal (law 4).
        """
        self._look(saga, who)
        asked = Telling(saga, who.tenant, CANCEL, body.reason, body.by or who.name, key)
        return await self._tell(asked, response)

    async def tell(
        self,
        saga: SagaId,
        body: Annotated[SignalBody, Body()],
        key: IdempotencyKey,
        who: Speaking,
        response: Response,
    ) -> Any:
        """Tell a running saga something: what it waits for, or a change of its data.

        202 and 409 as for `cancel`, which is a signal like the others, but needs its own
        permission and a reason.
        """
        state = self._look(saga, who)
        if body.signal == CANCEL and not who.may("sagas:cancel"):
            raise Problem(403, "this needs the permission sagas:cancel", code="not_permitted")
        if body.signal == CANCEL and not body.reason:
            places = [{"pointer": "#/reason", "detail": "cancel needs a reason"}]
            raise Problem(422, "#/reason: cancel needs a reason", errors=places)
        data = carried(self._backend, state.definition, body.signal, body.data)
        by = body.by or who.name
        asked = Telling(saga, who.tenant, body.signal, body.reason, by, key, data)
        return await self._tell(asked, response)

    async def _tell(self, asked: Telling, response: Response) -> dict[str, Any]:
        fate = await tell(self._backend, asked)
        if isinstance(fate.fact, SignalRefused):
            cancelling = asked.signal == CANCEL
            verb = "was not cancelled" if cancelling else f"did not take {asked.signal}"
            raise Problem(
                409,
                f"saga {asked.saga} {verb}: {fate.why}",
                code="cancel_refused" if cancelling else "signal_refused",
                members={"signal": shown(fate)},
            )
        place = f"/sagas/{asked.saga}/signals/{quote(asked.request, safe='')}"
        response.headers["Location"] = place
        return {
            "saga": asked.saga,
            "signal": asked.request,
            "outcome": fate.outcome,
            "history": f"/sagas/{asked.saga}/history",
        }

    async def one(self, saga: SagaId, signal: SignalId, who: Reading) -> Any:
        """What became of a signal: applied, refused or held, when, and why."""
        self._look(saga, who)
        fate = fate_of(self._backend.reader.history(saga, who.tenant), signal)
        if fate is None:
            raise Problem(404, f"saga {saga} has taken no signal {signal}", code="signal_not_found")
        return shown(fate)


def shown(fate: Fate) -> dict[str, Any]:
    """What became of a signal, as JSON."""
    fact = fate.fact
    assert fact is not None  # nothing is shown of what is not known
    return {
        "id": fact.id,
        "signal": fact.signal,
        "outcome": fate.outcome,
        "why": fate.why,
        "by": fact.by,
        "reason": fact.reason,
        "at": fate.at,
    }
