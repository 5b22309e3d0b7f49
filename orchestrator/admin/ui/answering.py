"""Answering a wait on the page of its saga: approve or reject, with who and why."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from fastapi.responses import Response

from infra.http.errors import Problem
from infra.http.forms import form_of
from infra.http.guards import Principal
from orchestrator.admin.asking import carried
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.deciding import Deciding, Question, Visit, reasons
from orchestrator.admin.ui.fields import Asked, Field
from orchestrator.admin.ui.picture import leaves
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
            for one in _questions(wait, visit.who)
        ]
        return self._page(visit, wait, fields.fresh(asked))

    async def do(self, visit: Visit, step: str) -> Response:
        """Send the answer."""
        wait = self._wait(visit, step)
        asked = fields.sent(_questions(wait, visit.who), await form_of(visit.request))

        def again(asked: Asked, wrong: str, status: int) -> Response:
            return self._page(visit, wait, asked, wrong, status)

        if not asked.fine:
            return again(asked, "", 422)
        backend = self._deciding.backend
        name = self._deciding.looking(visit.who).row(visit.saga).definition
        try:
            data = carried(backend, name, wait.signal, self._data(name, wait, asked))
        except Problem as problem:
            return again(asked.blamed(problem.errors), problem.detail, problem.status)
        return await self._deciding.tell(visit, wait.signal, asked, data, again)

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

    def _data(self, definition: str, wait: Wait, asked: Asked) -> dict[str, Any]:
        """The fields of the signal: what its contract has as text stays text."""
        texts = self._texts(definition, wait.signal)
        given = {
            name.removeprefix(fields.DATA): text
            for name, text in asked.values.items()
            if name.startswith(fields.DATA)
        }
        data = {name: text if name in texts else _value(text) for name, text in given.items()}
        if wait.accepts:
            data[wait.accepts] = ANSWERS[asked.values[ANSWER]]
        return data

    def _texts(self, definition: str, signal: str) -> set[str]:
        catalogue = self._deciding.backend.catalogue
        if definition not in catalogue.names():
            return set()
        contract = catalogue.named(definition).signals.get(signal)
        known: Mapping[str, Any] = contract.model_fields if contract else {}
        return {name for name, field in known.items() if field.annotation is str}


def _questions(wait: Wait, who: Principal) -> list[Field]:
    """What is asked of whoever answers: yes or no, the signal's other fields, why and who."""
    found: list[Field] = []
    if wait.accepts:
        found.append(Field(ANSWER, "Answer", "choice", options=_OPTIONS))
    hint = "Text; or JSON, such as 7, true or {…}"
    for name in wait.required:
        if name != wait.accepts:
            found.append(Field(f"{fields.DATA}{name}", name, "text", hint, most=4_000))
    return [*found, *reasons(who)]


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text as it is."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text
