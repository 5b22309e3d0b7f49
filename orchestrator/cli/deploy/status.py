"""`saga deploy status`: the versions that run, and what new sagas get."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from orchestrator.cli import given
from orchestrator.cli.deploy.gathering import opened
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.status import status_view
from orchestrator.engine.rollouts import WHOLE, Rollout, in_force
from orchestrator.sagalog.errors import LogReadFailed
from orchestrator.sagalog.reader import Reader


class OfVersion(msgspec.Struct, frozen=True):
    """A version that stands in the log, and its open sagas."""

    version: str
    open: int


class Rule(msgspec.Struct, frozen=True):
    """A rule for new sagas, and the partitions that go by it."""

    request: str
    at: int
    by: str
    reason: str
    base: str
    version: str
    percent: float
    keys: list[str]
    tenants: list[int]
    off: bool
    partitions: list[int]


class OfDefinition(msgspec.Struct, frozen=True):
    """One definition. ``rules`` are those in force: one, but for a moment; none: a new saga gets
    the version of the program that starts it. ``pending`` partitions lack the latest rule.
    """

    definition: str
    versions: list[OfVersion]
    rules: list[Rule]
    pending: list[int]
    history: list[Rule]


def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Which versions run, and which new sagas get; of a running or stopped installation."""
    settings = given.settings(data=data)
    with opened(settings) as reader:
        facts = list(_definitions(reader))
    emit(facts, status_view, as_json=as_json)


def _definitions(reader: Reader) -> Iterable[OfDefinition]:
    running = Counter((row.definition, row.version) for row in reader.open_sagas())
    versions: dict[str, list[str]] = {}
    for version, name, _ in reader.definitions():
        versions.setdefault(name, []).append(version)
    rollouts = _rollouts(reader)
    for name in sorted(versions):
        counted = [OfVersion(version, running[name, version]) for version in versions[name]]
        yield _definition(name, counted, rollouts)


def _rollouts(reader: Reader) -> dict[int, list[Rollout]]:
    try:
        return {facts.partition: reader.rollouts(facts.partition) for facts in reader.partitions()}
    except LogReadFailed:  # written by a program that knows of none
        return {}


def _definition(
    name: str, versions: list[OfVersion], rollouts: dict[int, list[Rollout]]
) -> OfDefinition:
    every = {one.request: one for some in rollouts.values() for one in some}
    mine = sorted(
        (one for one in every.values() if one.definition == name),
        key=lambda one: (one.at, one.request),
    )
    having = {
        one.request: [p for p, some in rollouts.items() if one.request in {r.request for r in some}]
        for one in mine
    }
    going_by = {p: in_force(some).get(name) for p, some in rollouts.items()}
    rules = [
        _rule(one, [p for p, rule in going_by.items() if rule == one])
        for one in mine
        if one in going_by.values()
    ]
    pending = [p for p in rollouts if mine and p not in having[mine[-1].request]]
    history = [_rule(one, having[one.request]) for one in mine]
    return OfDefinition(name, versions, rules, pending, history)


def _rule(one: Rollout, partitions: list[int]) -> Rule:
    percent = one.share * 100 / WHOLE
    return Rule(
        one.request,
        one.at,
        one.by,
        one.reason,
        one.base,
        one.version,
        percent,
        list(one.keys),
        list(one.tenants),
        one.off,
        partitions,
    )
