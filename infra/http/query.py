"""A query says nothing in vain: a filter with a mistake in its name would show everything."""

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from infra.http.errors import Problem


async def known_query(request: Request) -> None:
    """Dependency: raises Problem 422 that names the parameters of the query that its route does not
    know. Pages for people let them be: a link to them may carry what others put there.
    """
    given = request.query_params.keys()
    route = request.scope["route"]
    if not given or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    known = set(_parameters(route.dependant))
    wrong = [name for name in given if name not in known]
    if wrong:
        there = f"there are {', '.join(sorted(known))}" if known else "there are none here"
        detail = f"no such parameter: {there}"
        places = [{"parameter": name, "in": "query", "detail": detail} for name in wrong]
        told = f"{', '.join(wrong)}: {detail}"
        raise Problem(422, told, code="invalid_input", errors=places)


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)
