"""Keyset pages: `after` is the id of the last thing seen, `limit` how many; no offsets, no totals.

Ask the store for `page.fetch` rows, one more than is shown: that one more is how we know of a next
page.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import Depends, Query, Request, Response

MAX_LIMIT = 200

T = TypeVar("T")


class PageRequest(NamedTuple):
    """Which page is asked for."""

    after: int | None
    limit: int

    @property
    def fetch(self) -> int:
        """How many rows to read."""
        return self.limit + 1


async def page_request(
    after: Annotated[int | None, Query(ge=0, lt=2**53, description="last id seen")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page")] = 50,
) -> PageRequest:
    """Dependency: the page that the query names."""
    return PageRequest(after, limit)


Page = Annotated[PageRequest, Depends(page_request)]


def page_of(
    rows: Sequence[T],
    page: PageRequest,
    *,
    request: Request,
    response: Response,
    key: Callable[[T], int],
    show: Callable[[T], Any],
) -> dict[str, Any]:
    """`{"items": [...], "next": URL or null}`, and the same link as a `Link` header (RFC 8288).

    `rows` are up to `page.fetch` rows in order; `key` gives the id for `after`.
    """
    shown = rows[: page.limit]
    following = None
    if len(rows) > page.limit:
        url = request.url.include_query_params(after=key(shown[-1]), limit=page.limit)
        following = f"{url.path}?{url.query}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return {"items": [show(row) for row in shown], "next": following}
