"""The routes of the web page. Each states the permission it needs (law 13); only the files that
every page loads are open, as the page that asks to log in needs them too.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from infra.clock import Clock
from infra.http.errors import Problem
from infra.http.forms import form_permission
from infra.http.guards import OPEN, Guard, Principal, permission
from infra.http.login import forget
from infra.http.streams import Event, Streams
from orchestrator.admin.asking import fate_of, repair_of
from orchestrator.admin.dead_letter_routes import DeadLetterOffice, LetterId
from orchestrator.admin.ports import Backend
from orchestrator.admin.signals import SagaId
from orchestrator.admin.ui import listing
from orchestrator.admin.ui.answering import Answering
from orchestrator.admin.ui.cancelling import Cancelling
from orchestrator.admin.ui.changing import Changing
from orchestrator.admin.ui.deciding import Deciding, Visit
from orchestrator.admin.ui.letters import Letters
from orchestrator.admin.ui.library import Library
from orchestrator.admin.ui.listing import Wanted, wanted
from orchestrator.admin.ui.live import changes, of_rows, pausing, waiting
from orchestrator.admin.ui.pages import ASSETS, HOME, Pages, asset
from orchestrator.admin.ui.repairing import Repairing
from orchestrator.admin.ui.view import Looking
from orchestrator.verify.result import CheckResult

SAGA: Final = f"{HOME}/sagas/{{saga}}"
HOUR: Final = {"Cache-Control": "private, max-age=3600"}
Reading = Annotated[Principal, permission("sagas:read")]
Learning = Annotated[Principal, permission("definitions:read")]
ReadingLetters = Annotated[Principal, permission("dead_letters:read")]
Answers = Annotated[Principal, permission("sagas:signal")]
Cancels = Annotated[Principal, permission("sagas:cancel")]
Repairs = Annotated[Principal, permission("sagas:repair")]
Redrives = Annotated[Principal, permission("dead_letters:redrive")]
Name = Annotated[str, Path(min_length=1, max_length=100)]
Seen = Annotated[str, Query(max_length=40)]
Asked = Annotated[Wanted, Depends(wanted)]
Last = Annotated[str | None, Header(alias="Last-Event-ID", max_length=40)]


class Surroundings(NamedTuple):
    """What the pages are made with."""

    backend: Backend
    office: DeadLetterOffice
    pages: Pages
    clock: Clock
    streams: Streams
    checks: Mapping[str, CheckResult]


def ui_routes(around: Surroundings) -> APIRouter:
    """Everything under ``/ui``, and ``/``, which leads there."""
    router = APIRouter(include_in_schema=False)
    _files(router)
    _sagas(router, around)
    _streams(router, around)
    _decisions(router, Deciding(around.backend, around.pages, around.clock))
    _library(router, Library(around.backend, around.pages, around.checks))
    _letters(router, Letters(around.office, around.pages))
    _session(router, around.pages)
    return router


def _files(router: APIRouter) -> None:
    @router.get(f"{HOME}/assets/{{name}}", dependencies=[OPEN])
    async def file(name: str) -> Response:
        if name not in ASSETS:
            raise Problem(404, f"no file {name}")
        return Response(asset(name), headers=HOUR, media_type=ASSETS[name][0])

    @router.get("/", dependencies=[permission("sagas:read")])
    @router.get(f"{HOME}/", dependencies=[permission("sagas:read")])
    async def home() -> Response:
        return RedirectResponse(HOME, 303)


def _sagas(router: APIRouter, around: Surroundings) -> None:
    backend, pages = around.backend, around.pages

    @router.get(HOME)
    async def sagas(who: Reading, asked: Asked, request: Request) -> Response:
        found = listing.context(backend, who.tenant, asked, around.clock.now_ms())
        seen = of_rows(found["rows"])
        trouble = list(backend.health().reasons)
        return pages.show("sagas.html", request, who, seen=seen, trouble=trouble, **found)

    @router.get(SAGA)
    async def one(
        saga: SagaId,
        who: Reading,
        request: Request,
        asked: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        view = Looking(backend, who, around.clock.now_ms()).saga(saga)
        history = backend.reader.history(saga, who.tenant) if asked else []
        return pages.show(
            "saga.html",
            request,
            who,
            view=view,
            asked=asked,
            fate=fate_of(history, asked),
            repair=repair_of(history, asked),
        )


def _streams(router: APIRouter, around: Surroundings) -> None:
    backend, streams = around.backend, around.streams

    def stream(who: Principal, events: AsyncIterator[Event]) -> Response:
        return streams.of(who.session.csrf if who.session else who.name, events)

    @router.get(f"{HOME}/events")
    async def of_list(
        who: Reading, asked: Asked, request: Request, seen: Seen = "", last: Last = None
    ) -> Response:
        def look() -> str:
            _still(request)
            return of_rows(listing.found(backend, who.tenant, asked).rows)

        return stream(who, changes(look, last or seen, pausing))

    @router.get(f"{SAGA}/events")
    async def of_saga(
        saga: SagaId, who: Reading, request: Request, seen: Seen = "", last: Last = None
    ) -> Response:
        looking = Looking(backend, who, around.clock.now_ms())
        looking.row(saga)

        def look() -> str:
            _still(request)
            return looking.fingerprint(saga)

        return stream(who, changes(look, last or seen, waiting(backend, saga)))


def _still(request: Request) -> None:
    """Whether whoever opened a stream may still read; raises Problem."""
    guard: Guard = request.app.state.guard
    guard.authorize(request, "sagas:read")


def _decisions(router: APIRouter, deciding: Deciding) -> None:
    cancelling, answering, changing, repairing = (
        Cancelling(deciding),
        Answering(deciding),
        Changing(deciding),
        Repairing(deciding),
    )

    @router.get(f"{SAGA}/cancel")
    async def ask_cancel(saga: SagaId, who: Cancels, request: Request) -> Response:
        return cancelling.ask(Visit(saga, who, request))

    @router.post(f"{SAGA}/cancel")
    async def cancel(
        saga: SagaId,
        who: Annotated[Principal, form_permission("sagas:cancel")],
        request: Request,
    ) -> Response:
        return await cancelling.do(Visit(saga, who, request))

    @router.get(f"{SAGA}/waits/{{step}}")
    async def ask_answer(saga: SagaId, step: Name, who: Answers, request: Request) -> Response:
        return answering.ask(Visit(saga, who, request), step)

    @router.post(f"{SAGA}/waits/{{step}}")
    async def answer(
        saga: SagaId,
        step: Name,
        who: Annotated[Principal, form_permission("sagas:signal")],
        request: Request,
    ) -> Response:
        return await answering.do(Visit(saga, who, request), step)

    @router.get(f"{SAGA}/changes/{{signal}}")
    async def ask_change(saga: SagaId, signal: Name, who: Answers, request: Request) -> Response:
        return changing.ask(Visit(saga, who, request), signal)

    @router.post(f"{SAGA}/changes/{{signal}}")
    async def change(
        saga: SagaId,
        signal: Name,
        who: Annotated[Principal, form_permission("sagas:signal")],
        request: Request,
    ) -> Response:
        return await changing.do(Visit(saga, who, request), signal)

    @router.get(f"{SAGA}/repair")
    async def ask_repair(saga: SagaId, who: Repairs, request: Request) -> Response:
        return repairing.ask(Visit(saga, who, request))

    @router.post(f"{SAGA}/repair")
    async def repair(
        saga: SagaId,
        who: Annotated[Principal, form_permission("sagas:repair")],
        request: Request,
    ) -> Response:
        return await repairing.do(Visit(saga, who, request))


def _library(router: APIRouter, library: Library) -> None:
    @router.get(f"{HOME}/definitions")
    async def definitions(who: Learning, request: Request) -> Response:
        return library.listing(who, request)

    @router.get(f"{HOME}/definitions/{{name}}")
    async def definition(
        name: Name,
        who: Learning,
        request: Request,
        version: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        return library.one(name, version, who, request)


def _letters(router: APIRouter, letters: Letters) -> None:
    path = f"{HOME}/dead-letters"

    @router.get(path)
    async def listed(
        who: ReadingLetters,
        request: Request,
        after: Annotated[int | None, Query(ge=0, lt=2**53)] = None,
        done: Annotated[bool, Query(alias="all")] = False,
    ) -> Response:
        return await letters.listing(who, request, after, done)

    @router.get(f"{path}/{{letter}}")
    async def letter(letter: LetterId, who: ReadingLetters, request: Request) -> Response:
        return await letters.one(letter, who, request)

    @router.get(f"{path}/{{letter}}/redrive")
    async def ask_redrive(letter: LetterId, who: Redrives, request: Request) -> Response:
        return await letters.ask_redrive(letter, who, request)

    @router.post(f"{path}/{{letter}}/redrive")
    async def redrive(
        letter: LetterId,
        who: Annotated[Principal, form_permission("dead_letters:redrive")],
        request: Request,
    ) -> Response:
        return await letters.redrive(letter, who, request)


def _session(router: APIRouter, pages: Pages) -> None:
    @router.post(f"{HOME}/logout", dependencies=[form_permission("session:end")])
    async def logout(request: Request) -> Response:
        return forget(request, pages.show("logged_out.html", request, None))
