"""Answering a wait on the page of its saga: approve or reject, with who and why."""

from typing import Final, Literal

import msgspec
from fastapi.responses import Response

from infra.http.errors import Problem
from infra.http.forms import form_of
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.deciding import Deciding, Question, Visit, reasons
from orchestrator.admin.ui.fields import Asked, Field
from orchestrator.admin.ui.picture import leaves
from orchestrator.admin.ui.signal_form import SignalForm
from orchestrator.definition.nodes import Wait

ANSWER: Final = "answer"
ANSWERS: Final = {"approve": True, "reject": False}
_OPTIONS: Final = (("approve", "Approve: the saga goes on"), ("reject", "Reject: it turns back"))


class Answering:
    """The handlers; ``step`` is the name of the wait."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    def ask(self, visit: Visit, step: str) -> Response:
        """Ask for the answer; ``answer`` in the query chooses it beforehand."""
        wait = self._wait(visit, step)
        chosen = visit.request.query_params.get(ANSWER, "")
        asked = [
            msgspec.structs.replace(one, value=chosen) if one.name == ANSWER else one
            for one in self._questions(visit, wait, chosen)
        ]
        return self._page(visit, wait, fields.fresh(asked))

    async def do(self, visit: Visit, step: str) -> Response:
        """Send the answer."""
        wait = self._wait(visit, step)
        form = await form_of(visit.request)
        asked = fields.sent(self._questions(visit, wait, form.get(ANSWER, "")), form)

        def again(asked: Asked, wrong: str, status: int) -> Response:
            return self._page(visit, wait, asked, wrong, status)

        if not asked.fine:
            return again(asked, "", 422)
        given = self._form(visit, wait).data(asked)
        if wait.accepts:
            given[wait.accepts] = ANSWERS[asked.values[ANSWER]]
        return await self._deciding.carry(visit, wait.signal, asked, given, again)

    def _page(
        self, visit: Visit, wait: Wait, asked: Asked, wrong: str = "", status: int = 200
    ) -> Response:
        chosen = asked.values.get(ANSWER, "")
        title, verb = f"{wait.name}: what is the answer?", "Send the answer"
        if chosen in ANSWERS:
            title, verb = f"{chosen.title()} {wait.name}?", f"{chosen.title()} it"
        says = f"The saga waits for the signal {wait.signal}. What you say is final."
        look: Literal["go", "danger"] = "danger" if chosen == "reject" else "go"
        question = Question(title, says, verb, look)
        return self._deciding.ask(visit, question, asked, wrong, status)

    def _wait(self, visit: Visit, step: str) -> Wait:
        """The wait of that name; raises Problem 404. Whether it is waited for, the owner says."""
        definition = self._deciding.looking(visit.who).definition(visit.saga)
        for leaf in leaves(definition.body) if definition else ():
            if isinstance(leaf, Wait) and leaf.signal and leaf.name == step:
                return leaf
        raise Problem(404, f"saga {visit.saga} has no wait {step}", code="wait_not_found")

    def _form(self, visit: Visit, wait: Wait) -> SignalForm:
        name = self._deciding.looking(visit.who).row(visit.saga).definition
        asked = [name for name in wait.required if name != wait.accepts]
        return SignalForm(self._deciding.backend, name, wait.signal, asked)

    def _questions(self, visit: Visit, wait: Wait, answer: str) -> list[Field]:
        """What is asked of whoever answers: yes or no, the signal's other fields, why and who. Who
        says no must say why.
        """
        found: list[Field] = []
        if wait.accepts:
            found.append(Field(ANSWER, "Answer", "choice", options=_OPTIONS))
        return [
            *found,
            *self._form(visit, wait).questions({}),
            *reasons(visit.who, required=answer == "reject"),
        ]
