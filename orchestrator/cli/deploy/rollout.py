"""`saga deploy rollout`, `rollback`: which version new sagas get."""

import uuid
from typing import Annotated, Any, Final

import msgspec
import typer

from orchestrator.cli import given
from orchestrator.cli.client import TIMEOUT_S, connected
from orchestrator.cli.deploy.gathering import New
from orchestrator.cli.errors import BadInput
from orchestrator.cli.options import AppDirOption, AppOption, DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.rollout import rolled_out_view
from orchestrator.definition.words.builder import Saga
from orchestrator.settings import Settings
from orchestrator.verify.at_start import checked_at_start

CURRENT: Final = "current"
WAIT_S: Final = 3 * TIMEOUT_S

NameArgument = Annotated[str, typer.Argument(help="The definition.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why: it is kept in the log.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who says so; the operator.")]
KeyOption = Annotated[
    str | None, typer.Option("--key", help="Request key: the same key is the same rule.")
]
NewOption = Annotated[
    str, typer.Option("--version", help="The new version, or `current`: as it is here.")
]


PercentOption = Annotated[
    float | None, typer.Option("--percent", min=0, max=100, help="So many of 100 starts.")
]
KeysOption = Annotated[
    str | None, typer.Option("--keys", help="Request keys that get it, with commas.")
]
TenantsOption = Annotated[
    str | None, typer.Option("--tenants", help="Accounts that get it, with commas.")
]


def rollout(  # pylint: disable=too-many-arguments,too-many-positional-arguments,too-many-locals
    name: NameArgument,
    version: NewOption = CURRENT,
    percent: PercentOption = None,
    keys: KeysOption = None,
    tenants: TenantsOption = None,
    off: Annotated[bool, typer.Option("--off", help="No rule any more.")] = False,
    base: Annotated[
        str | None, typer.Option("--base", help="The version of the others; as it is now.")
    ] = None,
    reason: ReasonOption = "rollout",
    by: ByOption = None,
    key: KeyOption = None,
    application: AppOption = None,
    app_dir: AppDirOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a new version in: for so many of a hundred new sagas, or those of some keys, tenants."""
    settings = given.settings(app=application, app_dir=app_dir, data=data)
    chosen = percent is not None or keys is not None or tenants is not None
    if off == chosen:
        raise BadInput("say how many get the new version: --percent, --keys, --tenants; or --off")
    body: dict[str, Any] = {"reason": reason, "by": by}
    if off:
        body["off"] = True
    else:
        body |= {"percent": percent or 0, "keys": _words(keys), "tenants": _numbers(tenants)}
        body |= {"base": base} if base else {}
        body |= _version(settings, name, version)
    _ask(settings, name, body, key, as_json)


def rollback(  # pylint: disable=too-many-positional-arguments  # its options
    name: NameArgument,
    to: Annotated[
        str | None, typer.Option("--to", help="The version to go back to; that of the rollout.")
    ] = None,
    reason: ReasonOption = "rollback",
    by: ByOption = None,
    key: KeyOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """New sagas get the old version again, all of them; those that run finish on theirs."""
    settings = given.settings(data=data)
    with connected(settings) as client:
        rule = client.get(f"/definitions/{name}/rollout")["rollout"]
        if rule is not None and not rule["off"]:
            version, old = rule["version"], to or rule["base"]
        elif to is not None:
            version, old = client.get(f"/definitions/{name}")["version"], to
        else:
            raise BadInput(
                f"no rollout of {name} is in force: name the version to go back to with --to"
            )
    body = {"reason": reason, "by": by, "percent": 0, "base": old, "version": version}
    _ask(settings, name, body, key, as_json)


def _ask(
    settings: Settings, name: str, body: dict[str, Any], key: str | None, as_json: bool
) -> None:
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    with connected(settings) as client:
        facts = client.post(f"/definitions/{name}/rollout", body, headers=headers, timeout_s=WAIT_S)
    emit(facts, rolled_out_view, as_json=as_json)


def _version(settings: Settings, name: str, version: str) -> dict[str, Any]:
    """The new version; with its definition where it is the one of the working tree."""
    saga = New.of(settings).sagas.get(name)
    if version == CURRENT or (saga is not None and saga.version == version):
        if saga is None:
            raise BadInput(f"the application defines no saga {name}: name a --version of the log")
        return {"version": saga.version, "definition": checked(saga)}
    return {"version": version}


def checked(saga: Saga) -> dict[str, Any]:
    """The definition for the log; raises BadInput where it does not hold what `saga check` asks."""
    found = checked_at_start([saga.definition])[0]
    if found.violation is not None:
        raise BadInput(
            f"{saga.name} ({saga.version}) breaks {found.violation.law!r}: saga check {saga.name}"
        )
    return msgspec.to_builtins(saga.definition)


def _words(given_: str | None) -> list[str]:
    return [word.strip() for word in (given_ or "").split(",") if word.strip()]


def _numbers(given_: str | None) -> list[int]:
    try:
        return [int(word) for word in _words(given_)]
    except ValueError as error:
        raise BadInput("--tenants: write their numbers, with commas between them") from error
