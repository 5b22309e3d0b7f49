"""Options that several commands share, each written once, and the settings that they change."""

from pathlib import Path
from typing import Annotated

import typer

AppOption = Annotated[
    str | None, typer.Option("--app", help="The application: package.module:name.", metavar="APP")
]
AppDirOption = Annotated[
    Path | None, typer.Option("--app-dir", help="Where to look for the application as well.")
]
DataOption = Annotated[Path | None, typer.Option("--data", help="The data folder.")]
BrokerOption = Annotated[
    str | None, typer.Option("--broker", help="A real Kafka.", metavar="HOST:PORT")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Facts for a program.")]
PortOption = Annotated[
    int | None, typer.Option("--port", help="Port of the HTTP API; 0 takes a free one.")
]
SagaArgument = Annotated[int, typer.Argument(help="The id of the saga.", min=0)]
