"""Repairing a saga that stands still, on its page (DESIGN law 7)."""

from typing import Final, cast

from fastapi.responses import Response

from infra.http.errors import Problem
from infra.http.forms import form_of
from infra.http.guards import Principal
from orchestrator.admin.asking import Mending, mend, mended
from orchestrator.admin.ports import Action
from orchestrator.admin.ui import fields
from orchestrator.admin.ui.deciding import Deciding, Question, Visit, back_to, reasons
from orchestrator.admin.ui.fields import Asked, Field
from orchestrator.engine.state import State

ALL: Final = "*"
"""The step of a repair that goes on with everything."""
RESUME: Final = ("resume", "Resume: go on with everything that stands still")
ACTIONS: Final = (
    ("retry", "Retry: ask once more"),
    ("skip", "Skip: write it off, it counts as settled"),
    RESUME,
)


class Repairing:
    """The handlers."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    def ask(self, visit: Visit) -> Response:
        """Ask how it is to go on."""
        state = self._deciding.looking(visit.who).state(visit.saga)
        return self._page(visit, fields.fresh(_questions(state, visit.who)))

    async def do(self, visit: Visit) -> Response:
        """Repair it."""
        state = self._deciding.looking(visit.who).state(visit.saga)
        asked = fields.sent(_questions(state, visit.who), await form_of(visit.request))
        if not asked.fine:
            return self._page(visit, asked, "", 422)
        values = asked.values
        step = "" if values["action"] == "resume" else values.get("step", "")
        if step == ALL:
            wrong = f"{values['action']} goes for one step: choose which"
            return self._page(visit, asked, wrong, 422)
        mending = Mending(
            visit.saga,
            visit.who.tenant,
            cast(Action, values["action"]),
            step,
            values["reason"],
            values["by"],
            asked.request,
        )
        try:
            await mend(self._deciding.backend, state, mending)
        except Problem as problem:
            return self._page(visit, asked, problem.detail, problem.status)
        await mended(self._deciding.backend, mending)
        return back_to(visit.saga, asked.request)

    def _page(self, visit: Visit, asked: Asked, wrong: str = "", status: int = 200) -> Response:
        says = "Nothing happens here by itself any more: a person decides how it goes on."
        question = Question("Repair this saga?", says, "Do it", "operator")
        return self._deciding.ask(visit, question, asked, wrong, status)


def _questions(state: State, who: Principal) -> list[Field]:
    """What an operator chooses: what is done, with which step, why and who says so."""
    actions = (RESUME,) if state.parked else ACTIONS
    found = [Field("action", "What is to be done", "choice", options=actions)]
    stuck = [
        (name, f"{name}: {step.direction}, {step.error}")
        for name, step in state.steps.items()
        if step.phase == "stuck"
    ]
    if len(stuck) > 1 and not state.parked:
        hint = "Resume goes for all of them."
        options = [*stuck, (ALL, "all of them (resume only)")]
        found.append(Field("step", "Which step", "choice", hint, options=options))
    return [*found, *reasons(who)]
