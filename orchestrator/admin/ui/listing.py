"""The list of sagas: which ones are asked for, and what each waits for in a few words."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args
from urllib.parse import urlencode

import msgspec
from fastapi import Query
from msgspec.structs import asdict

from infra.http.errors import Problem
from orchestrator.admin.children import waits
from orchestrator.admin.ports import Backend
from orchestrator.admin.ui.pages import HOME
from orchestrator.admin.why import Waiting
from orchestrator.engine.state import Status
from orchestrator.sagalog.rows import SagaRow

Order = Literal["", "newest", "stalest"]
LIMIT: Final = 25
STALEST: Final = "stalest"
_SHORT: Final = {
    "reply": "waits for an answer",
    "retry": "is asked again",
    "child": "waits for its saga",
    "child_stuck": "waits for an operator in its saga",
    "signal": "waits for a signal",
    "timer": "waits for its time",
    "operator": "needs an operator",
    "nothing": "waits for nothing",
}
_MOST_ID: Final = 2**53
_OPEN: Final = ("running", "compensating", "needs_operator")


class Wanted(msgspec.Struct, frozen=True):
    """Which sagas; empty is any. ``find`` is an id, or how a request key begins. Where no order is
    wanted, the open ones come first, the stalest at the top, and then the newest that have ended.
    """

    definition: str = ""
    state: str = ""
    find: str = ""
    order: Order = ""
    after: int | None = None

    def url(self, path: str = HOME, **changes: object) -> str:
        """The address of the page with these sagas."""
        query = {
            name: value
            for name, value in {**asdict(self), **changes}.items()
            if value not in ("", None)
        }
        return f"{path}?{urlencode(query)}" if query else path


class Line(NamedTuple):
    """One saga in the list, and what it waits for."""

    row: SagaRow
    waits: str


class Found(NamedTuple):
    """A page of sagas, and the id to go on after."""

    rows: list[SagaRow]
    after: int | None


async def wanted(
    definition: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    find: Annotated[str, Query(max_length=200)] = "",
    order: Annotated[Order, Query()] = "",
    after: Annotated[int | None, Query(ge=0, lt=_MOST_ID)] = None,
) -> Wanted:
    """Dependency: what the query asks for. Raises Problem 422 for a state that there is not."""
    if state and state not in get_args(Status):
        raise Problem(422, f"state: there is no state {state!r}", code="invalid_input")
    return Wanted(definition, state, find.strip(), order, after)


def names(backend: Backend) -> list[str]:
    """The definitions that sagas may have: those of this process, and those in the log."""
    stored = (name for _, name, _ in backend.reader.definitions())
    return list(dict.fromkeys([*backend.catalogue.names(), *stored]))


def found(backend: Backend, tenant: int, asked: Wanted) -> Found:
    """The sagas that are asked for."""
    if asked.find:
        return Found(_searched(backend, tenant, asked)[:LIMIT], None)
    definition, status = asked.definition or None, _status(asked.state)
    if asked.order == STALEST:
        return Found(backend.reader.stalest(LIMIT, tenant, definition, status), None)
    rows = backend.reader.list(tenant, definition, status, asked.after, LIMIT + 1)
    after = rows[LIMIT - 1].id if len(rows) > LIMIT else None
    if not asked.order and asked.after is None:
        first = backend.reader.stalest(LIMIT, tenant, definition, status)
        rows = [*first, *(row for row in rows if row.status not in _OPEN)]
    return Found(rows[:LIMIT], after)


def _searched(backend: Backend, tenant: int, asked: Wanted) -> list[SagaRow]:
    reader, text = backend.reader, asked.find
    rows: list[SagaRow] = []
    if text.isascii() and text.isdigit() and int(text) < _MOST_ID:
        by_id = reader.saga(int(text), tenant)
        rows += [by_id] if by_id else []
    for name in [asked.definition] if asked.definition else names(backend):
        rows += reader.with_key(tenant, name, text, LIMIT)
    fitting = {row.id: row for row in rows if _fits(row, asked)}
    if asked.order == STALEST:
        return sorted(fitting.values(), key=lambda row: row.updated_at)
    return list(fitting.values())


def _fits(row: SagaRow, asked: Wanted) -> bool:
    if asked.definition and row.definition != asked.definition:
        return False
    if asked.order == STALEST and row.status not in _OPEN:
        return False
    return not asked.state or row.status == asked.state


def _status(state: str) -> Status | None:
    return next((status for status in get_args(Status) if status == state), None)


def lines(backend: Backend, rows: Iterable[SagaRow], now: int) -> list[Line]:
    """The sagas with what each open one waits for."""
    return [Line(row, _waits(backend, row, now)) for row in rows]


def _waits(backend: Backend, row: SagaRow, now: int) -> str:
    if row.status not in _OPEN:
        return ""
    state = backend.reader.state(row.id)
    if state is None:
        return ""
    return "; ".join(map(short, waits(backend, state, now)))


def short(waiting: Waiting) -> str:
    """What is waited for in a few words."""
    return f"{waiting.step or 'saga'} {_SHORT[waiting.kind]}"


def _following(asked: Wanted, sagas: Found) -> str | None:
    """The address of the page after this one; after the first one, of all, newest first."""
    if sagas.after is None:
        return None
    return asked.url(order="newest", after=sagas.after if asked.order else None)


def context(backend: Backend, tenant: int, asked: Wanted, now: int) -> dict[str, Any]:
    """What the template of the list needs."""
    sagas = found(backend, tenant, asked)
    counts = backend.reader.counts(tenant)
    return {
        "asked": asked,
        "names": names(backend),
        "states": get_args(Status),
        "counts": {status: counts.get(status, 0) for status in _OPEN},
        "lines": lines(backend, sagas.rows, now),
        "following": _following(asked, sagas),
        "rows": sagas.rows,
        "limit": LIMIT,
    }
