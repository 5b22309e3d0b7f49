"""Forms as browsers send them without a script: read strictly, and a write with the session's
cookie needs its CSRF token as a hidden field, as a form can set no header.
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from infra.http.errors import Problem
from infra.http.guards import Guard, Principal, Stated, is_form

CSRF_FIELD: Final = "csrf_token"
MAX_FIELDS: Final = 50

Form = dict[str, str]


async def form_of(request: Request) -> Form:
    """The fields of a form, without the CSRF token; line ends as ``\\n``.

    Raises Problem 415 (sent as something else), 400 (not UTF-8, a field twice, too many of them).
    """
    return {name: value for name, value in (await _read(request)).items() if name != CSRF_FIELD}


async def _read(request: Request) -> Form:
    if not is_form(request):
        detail = "send the form as application/x-www-form-urlencoded"
        raise Problem(415, detail, code="not_a_form")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(),
            keep_blank_values=True,
            max_num_fields=MAX_FIELDS,
            errors="strict",
        )
    except ValueError as error:
        raise Problem(400, f"the form cannot be read: {error}", code="invalid_form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Problem(400, "a field of the form was sent twice", code="invalid_form")
    return {name: value.replace("\r\n", "\n") for name, value in fields.items()}


class FormPermission(Stated):
    """Dependency of a route that takes a form: lets through who holds the permission and, where a
    browser's cookie says who that is, has sent the CSRF token as a field.
    """

    async def __call__(self, request: Request) -> Principal:
        """The caller; raises what `Guard.authorize` and `form_of` raise."""
        guard: Guard = request.app.state.guard
        given = ""
        if guard.identify(request).session is not None:
            given = (await _read(request)).get(CSRF_FIELD, "")
        return guard.authorize(request, self.needed, given)


def form_permission(needed: str) -> Any:
    """For a route: ``who: Annotated[Principal, form_permission("sagas:cancel")]``."""
    return Depends(FormPermission(needed))
