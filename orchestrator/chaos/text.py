"""The Python text of an application that has the drawn definitions. Pure.

It is written with the public builder into the folder of the run, as a user's own application would
be: a difference can be looked into with `saga table`, `saga check` and an editor.
"""

from collections.abc import Iterator
from typing import Final

from orchestrator.chaos.shapes import SIDES, Drawn, Item, Shape
from orchestrator.definition.nodes import Kind

MODULE: Final = "chaos_application"


def source(seed: int, drawn: list[Drawn], base: str) -> str:
    """The text of the application: that of ``base`` (package.module:name) and these sagas."""
    module, _, name = base.partition(":")
    names = [f'"{MODULE}:{one.name.replace("-", "_")}"' for one in drawn]
    services = [f'"{service}": "services.chaos:{side.lower()}"' for side, service in SIDES.items()]
    return "\n".join(
        [
            f'"""What `saga chaos --seed {seed}` drew, beside the sagas of {base}."""',
            "",
            "from dataclasses import replace",
            "",
            "from contracts import chaos",
            "from orchestrator.definition import FOREVER, RetryPolicy, Undo",
            "from orchestrator.definition import compensatable, parallel, pivot, read, retriable",
            "from orchestrator.definition import saga, sequence",
            f"from {module} import {name} as base",
            "",
            *(line for one in drawn for line in _lines(one)),
            "app = replace(",
            "    base,",
            f"    sagas=(*base.sagas, {', '.join(names)}),",
            f"    services={{**base.services, {', '.join(services)}}},",
            ")",
            "",
        ]
    )


def _lines(drawn: Drawn) -> Iterator[str]:
    yield f"{drawn.name.replace('-', '_')} = ("
    yield f'    saga("{drawn.name}", input=chaos.Script)'
    for item in drawn.items:
        yield f"    .then({_text(item)})"
    yield "    .ends()"
    yield ")"
    yield ""


def _text(item: Item) -> str:
    if isinstance(item, Shape):
        return _step(item)
    branches = [
        _step(branch[0]) if len(branch) == 1 else f"sequence({', '.join(map(_step, branch))})"
        for branch in item
    ]
    return f"parallel({', '.join(branches)})"


_COMMANDS: Final[dict[Kind, str]] = {
    "read": "Look",
    "compensatable": "Take",
    "pivot": "Take",
    "retriable": "Spend",
}


def _step(step: Shape) -> str:
    words = [f'"{step.name}"', f"chaos.{step.side}{_COMMANDS[step.kind]}"]
    if step.kind == "compensatable":
        asked = _asked(f"undo_{step.name}", step, attempts=0)
        words.append(f"undo=Undo(chaos.{step.side}GiveBack, {asked})")
    words.append(_asked(f"do_{step.name}", step, attempts=step.attempts))
    return f"{step.kind}({', '.join(words)})"


def _asked(play: str, step: Shape, *, attempts: int) -> str:
    policy = f"{attempts or 'FOREVER'}, initial={step.pause_ms / 1_000}, maximum=2"
    fields = f'{{"play": "input.{play}"}}'
    return f"fields={fields}, timeout={step.timeout_ms / 1_000}, retry=RetryPolicy({policy})"
