"""Cancelling a saga on its page: with what that would undo, before it is done."""

from fastapi.responses import Response

from infra.http.forms import form_of
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.deciding import Deciding, Question, Visit, reasons
from orchestrator.admin.ui.fields import Asked
from orchestrator.engine.signals import CANCEL


class Cancelling:
    """The handlers."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    def ask(self, visit: Visit) -> Response:
        """Ask whether it is to be cancelled."""
        return self._page(visit, fields.fresh(reasons(visit.who)))

    async def do(self, visit: Visit) -> Response:
        """Cancel it."""
        asked = fields.sent(reasons(visit.who), await form_of(visit.request))

        def again(asked: Asked, wrong: str, status: int) -> Response:
            return self._page(visit, asked, wrong, status)

        return await self._deciding.tell(visit, CANCEL, asked, {}, again)

    def _page(self, visit: Visit, asked: Asked, wrong: str = "", status: int = 200) -> Response:
        back = self._deciding.looking(visit.who).undoing(visit.saga)
        says = "Forward work stops, what is in flight settles, and what was done is undone."
        question = Question("Cancel this saga?", says, "Cancel the saga", "danger", back)
        return self._deciding.ask(visit, question, asked, wrong, status)
