"""`saga backup FILE`, while the log is written, and `saga backup restore FILE`; of a service with
`--service NAME`.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from infra.datastore import FolderLock
from orchestrator.cli import given
from orchestrator.cli.errors import BadInput
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.backup import Copied, Place, Restored, copied_view, restored_view
from orchestrator.replay import backup as copies

MAKE = "make"


class _MakesByDefault(TyperGroup):
    """`saga backup FILE` is `saga backup make FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not {"--help", *self.commands}.intersection(args):
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_MakesByDefault)

FileArgument = Annotated[Path, typer.Argument(help="The copy: one file.")]
ServiceOption = Annotated[
    str | None,
    typer.Option("--service", help="The database of this service instead of the saga log."),
]


@app.command(MAKE)
def make(
    file: FileArgument,
    service: ServiceOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the saga log, also while it is in use: `saga backup FILE` is enough."""
    log = _database(given.settings(data=data).data, service)
    size = copies.copy_service(log, file) if service else copies.back_up(log, file)
    emit(Copied(str(log.absolute()), str(file.absolute()), size), copied_view, as_json=as_json)


@app.command()
def restore(
    file: FileArgument,
    service: ServiceOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the saga log of an empty data folder from a copy."""
    settings = given.settings(data=data)
    log = _database(settings.data, service)
    with FolderLock(settings.data):
        if service:
            log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            size = copies.copy_service(file, log)
            facts = Copied(str(file.absolute()), str(log.absolute()), size)
            emit(facts, copied_view, as_json=as_json)
            return
        held = copies.restore(file, log)
    places = [Place(facts.partition, facts.offset, facts.at) for facts in held]
    emit(
        Restored(str(file.absolute()), str(log.absolute()), places), restored_view, as_json=as_json
    )


def _database(data: Path, service: str | None) -> Path:
    if service is None:
        return data / "saga.db"
    if not service.replace("-", "").replace("_", "").isalnum():
        raise BadInput(f"{service!r} is no name of a service")
    return data / "services" / f"{service}.db"
