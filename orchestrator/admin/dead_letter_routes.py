"""The routes of dead letters: look at them, send them again."""

from base64 import b64encode
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.paging import Page, page_of
from infra.http.problems import responses
from orchestrator.admin.dead_letters import RedriveRefused
from orchestrator.admin.letters import Letter
from orchestrator.admin.views import Json

LetterId = Annotated[int, Path(ge=0, lt=2**53, description="a dead letter's id")]
Reading = Annotated[Principal, permission("dead_letters:read")]
Redriving = Annotated[Principal, permission("dead_letters:redrive")]


class DeadLetterOffice(Protocol):
    """What is asked of ``orchestrator.admin.dead_letters.DeadLetters``."""

    async def page(self, tenant: int, after: int | None, limit: int, done: bool) -> list[Letter]:
        """The newest letters below the id ``after``."""
        ...

    async def get(self, tenant: int, letter: int) -> Letter | None:
        """One letter."""
        ...

    async def redrive(self, tenant: int, letter: int, by: str, again: bool) -> Letter | None:
        """Send one letter again."""
        ...


class RedriveBody(BaseModel):
    """``again``: send it although it was sent again before."""

    model_config = ConfigDict(extra="forbid")

    again: bool = False


def dead_letter_routes(office: DeadLetterOffice) -> APIRouter:
    """The routes under ``/dead-letters``."""
    router = APIRouter(prefix="/dead-letters", tags=["dead letters"])

    @router.get("", responses=responses(401, 403, 422, 503))
    async def listing(
        who: Reading,
        page: Page,
        request: Request,
        response: Response,
        done: Annotated[bool, Query(alias="all", description="those sent again, too")] = False,
    ) -> Any:
        """A page of dead letters, the newest first."""
        found = await office.page(who.tenant, page.after, page.fetch, done)
        return page_of(found, page, request=request, response=response, key=_id, show=_short)

    @router.get("/{letter}", responses=responses(401, 403, 404, 422, 503))
    async def one(letter: LetterId, who: Reading) -> Any:
        """One dead letter, with its raw content."""
        found = await office.get(who.tenant, letter)
        if found is None:
            raise _missing(letter)
        return _short(found) | _raw(found)

    @router.post(
        "/{letter}/redrive", status_code=202, responses=responses(401, 403, 404, 409, 422, 503)
    )
    async def redrive(
        letter: LetterId, who: Redriving, body: Annotated[RedriveBody | None, Body()] = None
    ) -> Any:
        """Send a dead letter to where it came from, as it was; once, unless `again`."""
        again = body is not None and body.again
        try:
            found = await office.redrive(who.tenant, letter, who.name, again)
        except RedriveRefused as error:
            raise Problem(409, str(error), code="redrive_refused") from error
        if found is None:
            raise _missing(letter)
        return {"id": found.id, "topic": found.topic, "partition": found.partition}

    return router


def _missing(letter: int) -> Problem:
    return Problem(404, f"there is no dead letter {letter}", code="dead_letter_not_found")


def _id(letter: Letter) -> int:
    return letter.id


def _short(letter: Letter) -> Json:
    mark = letter.redriven
    return {
        "id": letter.id,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "error": letter.error,
        "at": letter.at,
        "key": None if letter.key is None else _text(letter.key),
        "tenant": letter.tenant,
        "size": len(letter.value or b""),
        "redriven": {"at": mark.at, "by": mark.by} if mark else None,
    }


def _raw(letter: Letter) -> Json:
    """The content as text where it is text, else as Base64."""
    headers = {name: _text(value) for name, value in letter.headers}
    if letter.value is None:
        return {"raw": None, "headers": headers}
    try:
        return {"raw": letter.value.decode(), "headers": headers}
    except UnicodeDecodeError:
        return {"raw_base64": b64encode(letter.value).decode(), "headers": headers}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
