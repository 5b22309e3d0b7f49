"""Changing the data of a running saga on its page, by a signal that its definition takes."""

from typing import Any

from fastapi.responses import Response

from infra.http.errors import Problem
from infra.http.forms import form_of
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.deciding import Deciding, Question, Visit, reasons
from orchestrator.admin.ui.fields import Asked, Field
from orchestrator.admin.ui.picture import leaves
from orchestrator.admin.ui.signal_form import SignalForm
from orchestrator.definition.nodes import Change, Step


class Changing:
    """The handlers; ``signal`` is the name of the signal."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    def ask(self, visit: Visit, signal: str) -> Response:
        """Ask for the new data; what holds now is filled in."""
        change = self._change(visit, signal)
        return self._page(visit, change, fields.fresh(self._questions(visit, change)))

    async def do(self, visit: Visit, signal: str) -> Response:
        """Send the signal."""
        change = self._change(visit, signal)
        questions = self._questions(visit, change)
        asked = fields.sent(questions, await form_of(visit.request))

        def again(asked: Asked, wrong: str, status: int) -> Response:
            return self._page(visit, change, asked, wrong, status)

        if not asked.fine:
            return again(asked, "", 422)
        given = self._form(visit, change).data(asked)
        return await self._deciding.carry(visit, change.signal, asked, given, again)

    def _page(
        self, visit: Visit, change: Change, asked: Asked, wrong: str = "", status: int = 200
    ) -> Response:
        what = ", ".join(change.fields)
        says = f"It changes {what}, and {change.redo} is done with it"
        if self._is_child(visit, change.redo):
            says += (
                ". Once its saga runs, that decides what it does again, and whether it still can."
            )
        else:
            says += ", again if it is being done. Once that is over it is too late."
        question = Question(f"Change {what}?", says, f"Send {change.signal}", "go")
        return self._deciding.ask(visit, question, asked, wrong, status)

    def _change(self, visit: Visit, signal: str) -> Change:
        """What the signal changes; raises Problem 404. Whether it still may, the owner says."""
        definition = self._deciding.looking(visit.who).definition(visit.saga)
        for change in (definition.changes if definition else None) or ():
            if change.signal == signal:
                return change
        raise Problem(404, f"saga {visit.saga} takes no {signal}", code="change_not_found")

    def _is_child(self, visit: Visit, step: str) -> bool:
        definition = self._deciding.looking(visit.who).definition(visit.saga)
        nodes = leaves(definition.body) if definition else ()
        return any(isinstance(one, Step) and one.name == step and one.child for one in nodes)

    def _form(self, visit: Visit, change: Change) -> SignalForm:
        name = self._deciding.looking(visit.who).row(visit.saga).definition
        return SignalForm(self._deciding.backend, name, change.signal, change.required)

    def _questions(self, visit: Visit, change: Change) -> list[Field]:
        given = self._deciding.looking(visit.who).state(visit.saga).data["input"]
        now: dict[str, Any] = {field: given.get(name) for name, field in change.fields.items()}
        return [*self._form(visit, change).questions(now), *reasons(visit.who, required=False)]
