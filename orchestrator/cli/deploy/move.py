"""`saga deploy move NAME`: running sagas go on by another version: told first, then done."""

import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
import typer

from orchestrator.cli import given
from orchestrator.cli.client import TIMEOUT_S, connected
from orchestrator.cli.deploy.gathering import (
    New,
    definitions_of,
    file_of,
    known_broker,
    opened,
    what_waits,
)
from orchestrator.cli.deploy.rollout import CURRENT, ByOption, NameArgument, checked
from orchestrator.cli.errors import BadInput
from orchestrator.cli.options import AppDirOption, AppOption, BrokerOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.moves import moves_view
from orchestrator.definition.nodes import Definition, parse, version
from orchestrator.deploy.check import Check
from orchestrator.deploy.report import Report
from orchestrator.deploy.unread import LIMIT
from orchestrator.engine.plan import Plan
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow
from orchestrator.settings import Settings

AT_ONCE: Final = 100
WAIT_S: Final = 3 * TIMEOUT_S
FAILED: Final = 1


class Moved(msgspec.Struct, frozen=True):
    """What became of one saga: ``moved``, ``refused`` (and ``why``), or ``pending``."""

    saga: int
    outcome: str
    why: str


class Moves(msgspec.Struct):
    """What a move does, or would do: ``asked`` says which. ``left`` could not continue, and are
    not asked.
    """

    definition: str
    version: str
    asked: bool
    sagas: list[int]
    left: list[int]
    report: Report
    moved: list[Moved] = []

    @property
    def whole(self) -> bool:
        """Whether every saga that was meant has been moved, or could be."""
        return not self.left and all(one.outcome == "moved" for one in self.moved)


def move(  # pylint: disable=too-many-arguments,too-many-positional-arguments,too-many-locals
    name: NameArgument,
    to: Annotated[
        str, typer.Option("--to", help="The version, or `current`: as it is here.")
    ] = CURRENT,
    from_: Annotated[
        str | None, typer.Option("--from", help="Only those that run on this version.")
    ] = None,
    saga: Annotated[
        list[int] | None, typer.Option("--saga", min=0, help="Only these; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only tell.")] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why: it is kept in each history.")
    ] = None,
    by: ByOption = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Request key: the same key is the same move.")
    ] = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    data: DataOption = None,
    broker: BrokerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Have running sagas go on by another version: told first, done with --yes.

    Those that could not continue are left as they are. Exit code 1 when there are any.
    """
    settings = given.settings(app=application, app_dir=app_dir, data=data)
    if yes and not reason:
        raise BadInput("say why with --reason: it is kept in the history of each saga")
    new = New.of(settings)
    with opened(settings) as reader:
        target, raw = _target(new, reader, name, to)
        rows = list(_chosen(reader, name, version(target), from_, saga or []))
        facts = _previewed(settings, new, reader, target, rows, broker)
    if yes and facts.sagas:
        facts.asked = True
        _move(settings, facts, raw, {"reason": reason, "by": by}, key or str(uuid.uuid4()))
    emit(facts, moves_view, as_json=as_json)
    return 0 if facts.whole else FAILED


def _target(
    new: New, reader: Reader, name: str, to: str
) -> tuple[Definition, dict[str, Any] | None]:
    """The definition to move to; as JSON too where it is the one of the working tree."""
    if to == CURRENT or (name in new.sagas and new.sagas[name].version == to):
        saga = new.named(name)
        return saga.definition, checked(saga)
    raw = reader.definition(to)
    if raw is None or parse(raw).name != name:
        known = ", ".join(one for one, named, _ in reader.definitions() if named == name) or "none"
        raise BadInput(f"{name} has no version {to} in the log; there are: {known}")
    return parse(raw), None


def _chosen(
    reader: Reader, name: str, target: str, from_: str | None, sagas: list[int]
) -> Iterator[SagaRow]:
    """The open sagas that are meant; raises BadInput for one that is not there or has ended."""
    if sagas:
        for one in dict.fromkeys(sagas):
            row = reader.saga(one)
            if row is None or row.definition != name:
                raise BadInput(f"there is no saga {one} of {name}")
            if row.status in ("completed", "failed"):
                raise BadInput(f"saga {one} has ended: {row.status}")
            if from_ in (None, row.version):
                yield row
        return
    for row in reader.open_sagas(name):
        if row.version != target and from_ in (None, row.version):
            yield row


def _previewed(
    settings: Settings,
    new: New,
    reader: Reader,
    target: Definition,
    rows: list[SagaRow],
    broker: str | None,
) -> Moves:
    """What `saga deploy check` says of exactly these."""
    plan = Plan(target)
    check = Check(reader, str(file_of(settings)), {target.name: plan}, new.contracts)
    every = [*definitions_of(new, reader), target]
    cluster = known_broker(settings, broker)
    waiting = what_waits(check.report, cluster, settings.group, every, LIMIT)
    report = check.run(rows, waiting._replace(starts=[]))
    left = set(check.stuck)
    sagas = [row.id for row in rows if row.id not in left]
    return Moves(target.name, plan.version, False, sagas, sorted(left), report)


def _move(
    settings: Settings, facts: Moves, raw: dict[str, Any] | None, body: dict[str, Any], key: str
) -> None:
    """Ask for those that can go on, some at a time."""
    with connected(settings) as client:
        for first in range(0, len(facts.sagas), AT_ONCE):
            asked = {**body, "sagas": facts.sagas[first : first + AT_ONCE]}
            asked["version"] = facts.version
            if raw is not None and not first:
                asked["definition"] = raw
            headers = {"Idempotency-Key": key}
            path = f"/definitions/{facts.definition}/moves"
            answer = client.post(path, asked, headers=headers, timeout_s=WAIT_S)
            facts.moved += msgspec.convert(answer["items"], list[Moved])
