"""The routes of rollouts: which version new sagas of a definition get, and since when.

HTTP publishes the rule to every partition as anybody may (law 10), and waits until its file holds
it in all of them: each partition's owner takes it into its log, and decides by it from there on.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field

from infra.clock import Clock
from infra.http.errors import Problem
from infra.http.guards import Principal, permission
from infra.http.problems import responses
from infra.http.requests import IdempotencyKey
from orchestrator.admin.ports import Backend
from orchestrator.definition.errors import DefinitionError, UnknownDefinition
from orchestrator.definition.nodes import Definition, version
from orchestrator.definition.rules import check
from orchestrator.engine.rollouts import WHOLE, Rollout
from orchestrator.runtime.admission import Admission

LOGGED_S: Final = 10.0
"""How long to wait until every partition has logged a rule before saying which have not."""
POLL_S: Final = 0.02

Name = Annotated[str, Path(min_length=1, max_length=100, description="a definition's name")]
Reading = Annotated[Principal, permission("definitions:read")]
Deploying = Annotated[Principal, permission("definitions:deploy")]
Version = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class RolloutBody(BaseModel):
    """Which version new sagas get.

    - ``version``: the new one, for ``percent`` of all starts and for these ``keys`` and
      ``tenants``; it may be left out beside a ``definition``, which is made known first.
    - ``base``: the version of the others; without it that of the rule in force, else that of the
      program that answers.
    - ``off``: no rule any more.
    """

    model_config = ConfigDict(extra="forbid")

    version: Version | None = None
    base: Version | None = None
    percent: float = Field(default=0, ge=0, le=100)
    keys: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default=[], max_length=1_000
    )
    tenants: list[Annotated[int, Field(ge=0, lt=2**53)]] = Field(default=[], max_length=1_000)
    off: bool = False
    definition: dict[str, Any] | None = None
    reason: str = Field(min_length=1, max_length=1000)
    by: str | None = Field(default=None, min_length=1, max_length=200)


def rollout_routes(backend: Backend, clock: Clock) -> APIRouter:
    """The routes under ``/definitions/{name}/rollout``."""
    router = APIRouter(prefix="/definitions", tags=["definitions"])
    asked = Rollouts(backend, clock)
    router.get("/{name}/rollout", responses=responses(401, 403))(asked.one)
    router.post(
        "/{name}/rollout", status_code=202, responses=responses(400, 401, 403, 413, 422, 503)
    )(asked.roll_out)
    return router


class Rollouts:
    """The handlers."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock

    async def one(self, name: Name, who: Reading) -> Any:
        """The rule in force, and the partitions that have logged it; `pending` have not (yet)."""
        del who
        latest = self._latest(name)
        return self._shown(name, latest, self._pending(latest.request) if latest else [])

    async def roll_out(
        self,
        name: Name,
        body: Annotated[RolloutBody, Body()],
        key: IdempotencyKey,
        who: Deploying,
    ) -> Any:
        """Set which version new sagas get; those that run finish on theirs.

        202 with the partitions that have logged the rule: each goes by it from then on. The same
        key is the same rule, and tells it to those partitions that do not have it yet.
        """
        if body.definition is not None:
            body.version = defined(name, body.definition, body.version)
        known = self._logged(key)
        rule = self._rule(name, body, who) if known is None else _again(name, known, body)
        door = self._backend.door
        if body.definition is not None:
            await door.define(body.definition, who.tenant, request=f"{key}/definition")
        await door.roll_out(rule, who.tenant, request=key)
        deadline = self._clock.monotonic() + LOGGED_S
        while self._pending(key) and self._clock.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)
        return self._shown(name, self._logged(key), self._pending(key))

    def _rule(self, name: str, body: RolloutBody, who: Principal) -> dict[str, Any]:
        latest = self._latest(name)
        at = max(self._clock.now_ms(), latest.at + 1 if latest else 0)
        told: dict[str, Any] = {"definition": name, "at": str(at), "reason": body.reason}
        told["by"] = body.by or who.name
        if body.off:
            return {**told, "off": True}
        base = body.base or self._base(name, latest)
        if body.version is None:
            raise Problem(422, "version: name the new version", code="invalid_input")
        if body.version == base:
            detail = f"{base} is what new sagas of {name} get anyway"
            raise Problem(422, detail, code="nothing_to_roll_out")
        for wanted in (base, body.version):
            if body.definition is None or wanted != body.version:
                self._known(name, wanted)
        return {
            **told,
            "base": base,
            "version": body.version,
            "share": round(body.percent * WHOLE / 100),
            "keys": body.keys,
            "tenants": [str(tenant) for tenant in body.tenants],
        }

    def _base(self, name: str, latest: Rollout | None) -> str:
        """What those get that do not get the new version."""
        if latest is not None and not latest.off:
            return latest.base
        try:
            return self._backend.catalogue.named(name).version
        except UnknownDefinition as error:
            detail = f"base: {error}; name the version that other starts get"
            raise Problem(422, detail, code="definition_not_found") from error

    def _known(self, name: str, wanted: str) -> None:
        try:
            Admission(self._backend.catalogue, self._backend.reader).version(name, wanted)
        except UnknownDefinition as error:
            raise Problem(422, str(error), code="definition_not_found") from error

    def _all(self) -> dict[int, list[Rollout]]:
        reader = self._backend.reader
        return {p: reader.rollouts(p) for p in range(self._backend.door.partitions)}

    def _latest(self, name: str) -> Rollout | None:
        """The latest rule for this definition, also one that switched the rule off."""
        found = [one for some in self._all().values() for one in some if one.definition == name]
        return max(found, key=lambda one: (one.at, one.request), default=None)

    def _logged(self, request: str) -> Rollout | None:
        found = (one for some in self._all().values() for one in some if one.request == request)
        return next(found, None)

    def _pending(self, request: str) -> list[int]:
        return [p for p, some in self._all().items() if request not in {r.request for r in some}]

    def _shown(self, name: str, rule: Rollout | None, pending: list[int]) -> Mapping[str, Any]:
        every = self._all()
        latest = self._latest(name)
        return {
            "definition": name,
            "rollout": None if rule is None else shown(rule),
            "in_force": rule is not None and not rule.off and rule == latest,
            "partitions": [p for p in every if rule is not None and p not in pending],
            "pending": pending,
        }


def defined(name: str, definition: dict[str, Any], wanted: str | None) -> str:
    """The version of a definition that came along; raises Problem 422 where it cannot run, or is
    another one.
    """
    try:
        made = msgspec.convert(definition, Definition)
        check(made)
    except (msgspec.ValidationError, DefinitionError) as error:
        raise Problem(422, f"definition: {error}", code="invalid_definition") from error
    found = version(made)
    if made.name != name or wanted not in (None, found):
        detail = f"the definition is {made.name} {found}, and not that of this request"
        raise Problem(422, detail, code="invalid_definition")
    return found


def _again(name: str, known: Rollout, body: RolloutBody) -> dict[str, Any]:
    """The same rule once more, for those who have not got it; raises Problem 422 for another."""
    same = (known.definition, known.off, known.share, list(known.keys), list(known.tenants))
    asked = (name, body.off, round(body.percent * WHOLE / 100), body.keys, body.tenants)
    others = body.version not in (None, known.version) or body.base not in (None, known.base)
    if same != asked or others:
        detail = f"the Idempotency-Key {known.request} was used for another rollout"
        raise Problem(422, detail, code="key_reused")
    told = msgspec.to_builtins(known)
    del told["request"]
    wide = {"at": str(known.at), "tenants": [str(tenant) for tenant in known.tenants]}
    return {name: value for name, value in {**told, **wide}.items() if value not in ("", [], False)}


def shown(rule: Rollout) -> dict[str, Any]:
    """A rule as the API tells it."""
    return {**msgspec.to_builtins(rule), "percent": rule.share * 100 / WHOLE}
