"""The routes of signals: cancel a saga, and what became of a signal.

HTTP publishes the signal as anybody may (law 10), and waits for the decision: the saga's owner
decides whether it applies, so a refusal is in the history too.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey
from orchestrator.admin.ports import Backend
from orchestrator.engine.facts import Signalled, SignalRefused, Transition
from orchestrator.engine.signals import CANCEL
from orchestrator.engine.state import State

DECIDED_S: Final = 10.0
"""How long to wait for the decision about a signal before saying that it is not there yet."""

SagaId = Annotated[int, Path(ge=0, lt=2**53, description="a saga's id")]
SignalId = Annotated[str, Path(min_length=1, max_length=200, description="a signal's id")]
Reading = Annotated[Principal, permission("sagas:read")]
Cancelling = Annotated[Principal, permission("sagas:cancel")]
Look = Callable[[int, Principal], State]
Taken = Signalled | SignalRefused


class CancelBody(BaseModel):
    """Why a saga is to stop, and who says so."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=1000)
    by: str | None = Field(default=None, min_length=1, max_length=200)


def add_signal_routes(router: APIRouter, backend: Backend, look: Look) -> None:
    """Add the routes to those of sagas; ``look`` finds a saga or raises Problem 404."""
    asked = Signals(backend, look)
    router.post(
        "/{saga}/cancel", status_code=202, responses=responses(400, 401, 403, 404, 409, 422, 503)
    )(asked.cancel)
    router.get("/{saga}/signals/{signal}", responses=responses(401, 403, 404, 422))(asked.one)


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

        `outcome` is `applied`, or `pending` where the decision is not known yet; then it is at
        the place in `Location`. The same key is the same signal (law 4).
        """
        state = self._look(saga, who)
        by = body.by or who.name
        if key not in state.signals:
            await self._publish(saga, body.reason, by, who.tenant, key)
        refused = await self._backend.wait_signal(saga, key, DECIDED_S)
        if refused is not None:
            taken, at = self._taken(saga, key, who)
            if (taken.signal, taken.reason) != (CANCEL, body.reason):
                detail = f"the Idempotency-Key {key} was used for another signal to saga {saga}"
                raise Problem(422, detail, code="key_reused")
            if refused:
                raise Problem(
                    409,
                    f"saga {saga} was not cancelled: {refused}",
                    code="cancel_refused",
                    members={"signal": _shown(taken, at)},
                )
        response.headers["Location"] = f"/sagas/{saga}/signals/{key}"
        outcome = "pending" if refused is None else "applied"
        return {
            "saga": saga,
            "signal": key,
            "outcome": outcome,
            "history": f"/sagas/{saga}/history",
        }

    async def _publish(self, saga: int, reason: str, by: str, tenant: int, key: str) -> None:
        published = self._backend.door.signal(saga, CANCEL, reason, by, tenant, request=key)
        try:
            async with asyncio.timeout(DECIDED_S):
                await published
        except TimeoutError as error:
            # what is to be sent stays with the sender, which goes on trying
            detail = (
                "Kafka has not taken the signal yet; it may still be taken:"
                f" ask again with the Idempotency-Key {key}"
            )
            headers = {"Retry-After": "1"}
            raise Problem(503, detail, code="broker_unavailable", headers=headers) from error

    async def one(self, saga: SagaId, signal: SignalId, who: Reading) -> Any:
        """What became of a signal: applied or refused, when, and why."""
        self._look(saga, who)
        return _shown(*self._taken(saga, signal, who))

    def _taken(self, saga: int, signal: str, who: Principal) -> tuple[Taken, int]:
        for fact, at in _signals(self._backend.reader.history(saga, who.tenant)):
            if fact.id == signal:
                return fact, at
        raise Problem(404, f"saga {saga} has taken no signal {signal}", code="signal_not_found")


def _signals(history: Iterable[Transition]) -> Iterable[tuple[Taken, int]]:
    for transition in history:
        for fact in transition.facts:
            if isinstance(fact, (Signalled, SignalRefused)):
                yield fact, transition.at


def _shown(fact: Taken, at: int) -> dict[str, Any]:
    refused = fact.why if isinstance(fact, SignalRefused) else ""
    return {
        "id": fact.id,
        "signal": fact.signal,
        "outcome": "refused" if refused else "applied",
        "why": refused,
        "by": fact.by,
        "reason": fact.reason,
        "at": at,
    }
