"""The Python text of an application that has the drawn definitions. Pure.

It is written with the public builder into the folder of the run, as a user's own application would
be: a difference can be looked into with `saga table`, `saga check` and an editor.
"""

from collections.abc import Iterator
from typing import Final

from orchestrator.chaos.shapes import KID, SIDES, Drawn, Errand, Item, Leaf, Shape, Waiting
from orchestrator.definition.nodes import Kind

MODULE: Final = "chaos_application"
PLAYS_OF_KID: Final = ("do_s1", "do_s2", "do_s3", "undo_s1", "undo_s2")


def source(seed: int, drawn: list[Drawn], base: str) -> str:
    """The text of the application: that of ``base`` (package.module:name) and these sagas."""
    module, _, name = base.partition(":")
    names = [f'"{MODULE}:{_variable(one)}"' for one in _family(drawn)]
    services = [f'"{service}": "services.chaos:{side.lower()}"' for side, service in SIDES.items()]
    return "\n".join(
        [
            f'"""What `saga chaos --seed {seed}` drew, beside the sagas of {base}."""',
            "",
            "from dataclasses import replace",
            "",
            "from contracts import chaos",
            "from orchestrator.definition import FOREVER, RetryPolicy, Undo",
            "from orchestrator.definition import change, child, compensatable, parallel, pivot",
            "from orchestrator.definition import read, retriable, saga, sequence, wait",
            f"from {module} import {name} as base",
            "",
            *(line for one in _family(drawn) for line in _lines(one)),
            "app = replace(",
            "    base,",
            f"    sagas=(*base.sagas, {', '.join(names)}),",
            f"    services={{**base.services, {', '.join(services)}}},",
            ")",
            "",
        ]
    )


def _family(drawn: list[Drawn]) -> list[Drawn]:
    """Every definition, those that run within another one before it."""
    found: list[Drawn] = []
    for one in drawn:
        found += [one.errand.saga, one] if one.errand else [one]
    return found


def _variable(drawn: Drawn) -> str:
    return drawn.name.replace("-", "_")


def _lines(drawn: Drawn) -> Iterator[str]:
    within = drawn.name.endswith(f"-{KID}")
    deadline = f", deadline={drawn.deadline_s}" if drawn.deadline_s else ""
    contract = "Errand" if within else "Script"
    yield f"{_variable(drawn)} = ("
    yield f'    saga("{drawn.name}", input=chaos.{contract}{deadline})'
    if drawn.redo:
        fields = '{"amount": "new_amount"}'
        yield f'    .takes(change(chaos.Reprice, fields={fields}, redo="{drawn.redo}"))'
    for item in drawn.items:
        yield f"    .then({_text(item)})"
    yield "    .ends(returns=chaos.Done)" if within else "    .ends()"
    yield ")"
    yield ""


def _text(item: Item) -> str:
    if not isinstance(item, tuple):
        return _leaf(item)
    branches = [
        _step(branch[0]) if len(branch) == 1 else f"sequence({', '.join(map(_step, branch))})"
        for branch in item
    ]
    return f"parallel({', '.join(branches)})"


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, Waiting):
        data = ', data={"approved": True}' if leaf.expires == "done" else ""
        words = f'timeout={leaf.timeout_ms / 1_000}, expires="{leaf.expires}"{data}'
        return f'wait("{leaf.name}", chaos.Approve, accepts="approved", {words})'
    return _errand(leaf) if isinstance(leaf, Errand) else _step(leaf)


def _errand(errand: Errand) -> str:
    plays = ", ".join(f'"{word}": "input.{KID}_{word}"' for word in PLAYS_OF_KID)
    words = f'"{errand.name}", {_variable(errand.saga)}, fields={{{plays}}}'
    if errand.kind == "compensatable":
        fields = f'{{"play": "input.undo_{errand.name}", "ticket": "{errand.name}.ticket"}}'
        policy = "RetryPolicy(FOREVER, initial=0.2, maximum=2)"
        undo = f"fields={fields}, timeout=2.0, retry={policy}"
        words += f", undo=Undo(chaos.{errand.side}TakeBack, {undo})"
    return f"child({words}, timeout={errand.timeout_ms / 1_000})"


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
