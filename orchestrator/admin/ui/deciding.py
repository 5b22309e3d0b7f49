"""What the pages that decide have in common: each asks once more, sends what was asked for, and
leads the browser back to the saga, whose page says what became of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from infra.clock import Clock
from infra.http.errors import Problem
from infra.http.guards import Principal
from orchestrator.admin.asking import Telling, carried, tell
from orchestrator.admin.ports import Backend
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.fields import Asked, Field
from orchestrator.admin.ui.offered import saga_path
from orchestrator.admin.ui.pages import Pages
from orchestrator.admin.ui.undoing import Undoing
from orchestrator.admin.ui.view import Looking

Again = Callable[[Asked, str, int], Response]
"""Shows a form once more: what was filled in, what is wrong with the whole, the status."""


class Question(NamedTuple):
    """What a page asks; ``verb`` is on its button, ``back`` says what it would undo."""

    title: str
    says: str
    verb: str
    look: Literal["go", "danger", "operator"]
    back: Undoing | None = None


class Visit(NamedTuple):
    """Somebody who decides about a saga."""

    saga: int
    who: Principal
    request: Request


class Deciding:
    """Asks, and does what was answered."""

    def __init__(self, backend: Backend, pages: Pages, clock: Clock) -> None:
        self.backend = backend
        self._pages = pages
        self._clock = clock

    def looking(self, who: Principal) -> Looking:
        """The sagas that somebody may see, now."""
        return Looking(self.backend, who, self._clock.now_ms())

    def ask(
        self, visit: Visit, question: Question, asked: Asked, wrong: str = "", status: int = 200
    ) -> Response:
        """The page with the form. Raises Problem 404."""
        return self._pages.show(
            "decide.html",
            visit.request,
            visit.who,
            status,
            title=question.title,
            question=question,
            asked=asked,
            wrong=wrong,
            row=self.looking(visit.who).row(visit.saga),
            cancel=saga_path(visit.saga),
        )

    async def carry(
        self, visit: Visit, signal: str, asked: Asked, given: Mapping[str, Any], again: Again
    ) -> Response:
        """Send a signal with data that its contract takes; else the form again, with what the
        contract says beside its fields. Raises Problem 404.
        """
        name = self.looking(visit.who).row(visit.saga).definition
        try:
            data = carried(self.backend, name, signal, given)
        except Problem as problem:
            return again(asked.blamed(problem.errors), problem.detail, problem.status)
        return await self.tell(visit, signal, asked, data, again)

    async def tell(
        self, visit: Visit, signal: str, asked: Asked, data: Mapping[str, Any], again: Again
    ) -> Response:
        """Send a signal and lead back to the saga. Raises Problem 404."""
        self.looking(visit.who).row(visit.saga)
        if not asked.fine:
            return again(asked, "", 422)
        reason, by = asked.values["reason"], asked.values["by"]
        tenant = visit.who.tenant
        telling = Telling(visit.saga, tenant, signal, reason, by, asked.request, data)
        try:
            await tell(self.backend, telling)
        except Problem as problem:
            return again(asked, problem.detail, problem.status)
        return back_to(visit.saga, asked.request)


def back_to(saga: int, request: str) -> Response:
    """Back to the saga, which says what became of the request."""
    return RedirectResponse(f"{saga_path(saga)}?asked={request}", 303)


def reasons(who: Principal, *, required: bool = True) -> list[Field]:
    """Why, and who says so: every decision asks for both, and why needs no answer where all that
    is said is that a saga may go on.
    """
    return [fields.why(required=required), fields.who(who.name)]
