"""`saga start NAME`: start a saga in the process that runs on the data folder."""

import sys
import uuid
from pathlib import Path
from typing import Annotated, Any, Final, cast

import msgspec
import typer

from orchestrator.cli import given
from orchestrator.cli.client import TIMEOUT_S, connected
from orchestrator.cli.errors import BadInput, SagaFailed
from orchestrator.cli.options import DataOption, JsonOption
from orchestrator.cli.output import emit
from orchestrator.cli.views.sagas import saga_view

app = typer.Typer()

MAX_WAIT_S: Final = 3600


@app.command()
def start(
    name: Annotated[str, typer.Argument(help="The definition.")],
    body: Annotated[str, typer.Option("--input", help="The input: JSON, @FILE, or - for stdin.")],
    wait: Annotated[
        int, typer.Option("--wait", min=0, max=MAX_WAIT_S, help="Seconds to wait for its end.")
    ] = 0,
    key: Annotated[
        str | None, typer.Option("--key", help="Request key: the same key is the same saga.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a saga; exit code 1 when it fails or needs an operator within --wait."""
    parsed = read_input(body)
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    if wait:
        headers["Prefer"] = f"wait={wait}"
    with connected(given.settings(data=data)) as client:
        saga = client.post(
            f"/sagas/{name}", parsed, headers=headers, timeout_s=wait + 2 * TIMEOUT_S
        )
    emit(saga, saga_view, as_json=as_json)
    if saga["state"] in ("failed", "needs_operator"):
        why = saga["failure"]["reason"] if saga["failure"] else "see `saga status`"
        raise SagaFailed(f"saga {saga['id']} {saga['state'].replace('_', ' ')}: {why}")


def read_input(text: str) -> dict[str, Any]:
    """The JSON object that `--input` gives; raises BadInput saying what is wrong with it."""
    place, raw = "--input", text
    try:
        if text == "-":
            place, raw = "stdin", sys.stdin.read()
        elif text.startswith("@"):
            place = text[1:]
            if not place:
                raise BadInput("--input @FILE: no file is named")
            raw = Path(place).read_text(encoding="utf-8")
        value: object = msgspec.json.decode(raw)
    except OSError as error:
        raise BadInput(f"cannot read {place}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{place} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadInput(f"{place} is JSON, but not an object: an input has named fields")
    return cast(dict[str, Any], value)
