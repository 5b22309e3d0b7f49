"""The routes of definitions: which there are, what they say, and their compensation table."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query

from infra.http.errors import Problem
from infra.http.guards import permission
from infra.http.problems import responses
from orchestrator.admin.ports import Backend
from orchestrator.definition.nodes import Definition, parse
from orchestrator.definition.table import compensation_table
from orchestrator.verify.result import CheckResult

Name = Annotated[str, Path(min_length=1, max_length=100, description="a definition's name")]
Version = Annotated[str | None, Query(max_length=100, description="the newest without it")]


def definition_of(backend: Backend, version: str) -> Definition | None:
    """The definition of this version, from the program or else from the log."""
    found = backend.catalogue.by_version(version)
    if found is not None:
        return found
    raw = backend.reader.definition(version)
    return parse(raw) if raw is not None else None


def definition_routes(backend: Backend, checks: Mapping[str, CheckResult]) -> APIRouter:
    """The routes under ``/definitions``; ``checks`` by version, where there is one."""
    router = APIRouter(
        prefix="/definitions",
        tags=["definitions"],
        dependencies=[permission("definitions:read")],
    )

    @router.get("", responses=responses(401, 403))
    async def listing() -> Any:
        """Every definition this process can start (`current`) or that sagas in the log have."""
        return {
            "items": [
                {"name": name, "version": version, "current": current}
                for name, version, current in known(backend)
            ],
            "next": None,
        }

    @router.get("/{name}", responses=responses(401, 403, 404))
    async def one(name: Name) -> Any:
        """One definition: its newest version, and the versions that are known."""
        version, definition = newest(backend, name)
        body = msgspec.to_builtins(definition)
        return {
            "name": name,
            "version": version,
            "input": body["input"],
            "definition": body,
            "check": msgspec.to_builtins(checks.get(version)),
            "versions": [each for named, each, _ in known(backend) if named == name],
        }

    @router.get("/{name}/table", responses=responses(401, 403, 404))
    async def table(name: Name, version: Version = None) -> Any:
        """What is undone in every outcome, compiled from the definition: the newest version, or
        the one that is named, as long as sagas of it are in the log. `check` is what `saga check`
        found when this process started (null: of a version that it does not start).
        """
        found = newest(backend, name)[1] if version is None else exact(backend, name, version)
        table = compensation_table(found)
        check = msgspec.to_builtins(checks.get(table.version))
        return {**msgspec.to_builtins(table), "check": check}

    return router


def known(backend: Backend) -> list[tuple[str, str, bool]]:
    """(name, version, whether a start would use it), current ones first."""
    catalogue = backend.catalogue
    current = {name: catalogue.named(name).version for name in catalogue.names()}
    found = [(name, version, True) for name, version in current.items()]
    for version, name, _ in backend.reader.definitions():
        if current.get(name) != version:
            found.append((name, version, False))
    return found


def exact(backend: Backend, name: str, version: str) -> Definition:
    """This version of a definition. Raises Problem 404."""
    definition = definition_of(backend, version)
    if definition is None or definition.name != name:
        raise Problem(404, f"{name} has no version {version}", code="definition_not_found")
    return definition


def newest(backend: Backend, name: str) -> tuple[str, Definition]:
    """The version of a name that a start would use, else one of the log. Raises Problem 404."""
    for named, version, _ in known(backend):
        definition = definition_of(backend, version) if named == name else None
        if definition is not None:
            return version, definition
    names = ", ".join(dict.fromkeys(named for named, _, _ in known(backend))) or "none"
    detail = f"no definition named {name!r}; there are: {names}"
    raise Problem(404, detail, code="definition_not_found")
