"""Dead letters: the list, one of them, and sending one again."""

from base64 import b64encode
from typing import Any, Final

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from infra.http.errors import Problem
from infra.http.forms import form_of
from infra.http.guards import Principal
from orchestrator.admin.dead_letter_routes import DeadLetterOffice
from orchestrator.admin.dead_letters import RedriveRefused
from orchestrator.admin.letters import Letter
from orchestrator.admin.ui.pages import HOME, Pages

PATH: Final = f"{HOME}/dead-letters"
LIMIT: Final = 25
SHOWN: Final = 20_000
"""So much of a letter is shown; the JSON API has the whole."""


class Letters:
    """The handlers of the dead letters' pages."""

    def __init__(self, office: DeadLetterOffice, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    async def listing(
        self, who: Principal, request: Request, after: int | None, done: bool
    ) -> Response:
        """The newest ones first; those that were sent again only if ``done``."""
        found = await self._office.page(who.tenant, after, LIMIT + 1, done)
        following = None
        if len(found) > LIMIT:
            following = f"{PATH}?after={found[LIMIT - 1].id}{'&all=1' if done else ''}"
        return self._pages.show(
            "letters.html",
            request,
            who,
            letters=found[:LIMIT],
            done=done,
            following=following,
        )

    async def one(self, letter: int, who: Principal, request: Request) -> Response:
        """One of them, with its content."""
        found = await self._get(letter, who)
        sent = "sent" in request.query_params
        return self._pages.show("letter.html", request, who, sent_now=sent, **_content(found))

    async def ask_redrive(self, letter: int, who: Principal, request: Request) -> Response:
        """Ask whether it is to be sent again."""
        return self._ask(await self._get(letter, who), who, request)

    async def redrive(self, letter: int, who: Principal, request: Request) -> Response:
        """Send it again; once more only where that was said."""
        form = await form_of(request)
        try:
            found = await self._office.redrive(
                who.tenant, letter, who.name, form.get("again") == "yes"
            )
        except RedriveRefused as error:
            return self._ask(await self._get(letter, who), who, request, str(error))
        if found is None:
            raise _missing(letter)
        return RedirectResponse(f"{PATH}/{letter}?sent=1", 303)

    def _ask(self, found: Letter, who: Principal, request: Request, wrong: str = "") -> Response:
        status = 409 if wrong else 200
        content = _content(found)
        return self._pages.show("redrive.html", request, who, status, wrong=wrong, **content)

    async def _get(self, letter: int, who: Principal) -> Letter:
        found = await self._office.get(who.tenant, letter)
        if found is None:
            raise _missing(letter)
        return found


def _missing(letter: int) -> Problem:
    return Problem(404, f"there is no dead letter {letter}", code="dead_letter_not_found")


def _content(letter: Letter) -> dict[str, Any]:
    """A letter as text where it is text, else as Base64; what is very long is cut."""
    text, coded = "", False
    try:
        text = (letter.value or b"").decode()
    except UnicodeDecodeError:
        text, coded = b64encode(letter.value or b"").decode(), True
    return {
        "letter": letter,
        "key": _text(letter.key),
        "text": text[:SHOWN],
        "cut": len(text) > SHOWN,
        "coded": coded,
        "headers": [(name, _text(value)) for name, value in letter.headers],
    }


def _text(raw: bytes | None) -> str:
    return "" if raw is None else raw.decode("utf-8", "replace")
