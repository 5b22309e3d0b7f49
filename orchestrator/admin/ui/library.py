"""Definitions: which there are, and for each its picture and its compensation table."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request
from fastapi.responses import Response

from infra.http.guards import Principal
from orchestrator.admin.definitions import exact, known, newest
from orchestrator.admin.ports import Backend
from orchestrator.admin.ui.looks import Mark
from orchestrator.admin.ui.pages import Pages
from orchestrator.admin.ui.picture import Painter
from orchestrator.definition.nodes import Definition
from orchestrator.definition.table import compensation_table
from orchestrator.definition.table.text import cells, header, stopping
from orchestrator.verify.result import CheckResult, agreement


class Library:
    """The handlers of the definitions' pages; ``checks`` by version, where there is one."""

    def __init__(self, backend: Backend, pages: Pages, checks: Mapping[str, CheckResult]) -> None:
        self._backend = backend
        self._pages = pages
        self._checks = checks

    def listing(self, who: Principal, request: Request) -> Response:
        """Every definition that can be started, or that sagas in the log have."""
        found = known(self._backend)
        names = list(dict.fromkeys(name for name, _, _ in found))
        shown = [
            {
                "name": name,
                "current": next((v for n, v, now in found if n == name and now), None),
                "older": [v for n, v, now in found if n == name and not now],
            }
            for name in names
        ]
        return self._pages.show("definitions.html", request, who, definitions=shown)

    def one(self, name: str, version: str | None, who: Principal, request: Request) -> Response:
        """One definition: the newest version, or the one that is named."""
        found = (
            newest(self._backend, name)[1]
            if version is None
            else exact(self._backend, name, version)
        )
        return self._pages.show("definition.html", request, who, **self._context(found))

    def _context(self, definition: Definition) -> dict[str, Any]:
        table = compensation_table(definition)
        others = [
            (version, current)
            for name, version, current in known(self._backend)
            if name == definition.name
        ]
        return {
            "definition": definition,
            "version": table.version,
            "versions": others,
            "picture": Painter(definition).picture(),
            "table": table,
            "titles": header(table),
            "lines": [cells(table, row) for row in table.rows],
            "stopping": stopping(table),
            "check": _check(self._checks.get(table.version)),
            "body": msgspec.to_builtins(definition),
        }


def _check(found: CheckResult | None) -> tuple[Mark, str] | None:
    """What `saga check` found, and how it looks."""
    if found is None:
        return None
    if found.violation:
        return Mark("refused", "broken"), f"{found.violation.law}: {found.violation.why}"
    mark = Mark("done", "holds") if found.exhausted else Mark("doubt", "not exhausted")
    return mark, f"{found.states:,} situations explored; {agreement(found)}"
