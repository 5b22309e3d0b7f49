"""Writes given / expect tests of a saga, for users to keep: what may go wrong with every step."""

import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from orchestrator.definition.words.builder import Saga
from orchestrator.verify.cases import Case, cases
from orchestrator.verify.examples import as_python, models_in
from orchestrator.verify.script import Messages, Script
from orchestrator.verify.subject import Subject

_WIDTH = 100


def suite_of(saga: Saga, place: str) -> str:
    """A module of tests. ``place`` is where the saga is: ``package.module:name``.

    Raises NoExample where no example of one of its messages can be made.
    """
    module, _, name = place.partition(":")
    subject = Subject(saga.definition)
    messages = Messages(saga, subject.plan.steps)
    tests = [_test(saga, messages, name, case) for case in cases(subject)]
    body = "\n\n\n".join(tests)
    used = {"INPUT": messages.input}
    used |= {said.name: said.message for said in messages.said if _occurs(said.name, body)}
    named = {model for message in used.values() for model in models_in(message)}
    named |= {command for key, command in messages.commands.items() if _occurs(key, body)}
    parts = [
        f'"""given / expect tests of {saga.name}, written by `saga check --write-tests`.\n\n'
        'They are yours: keep them, change them, add to them.\n"""',
        "\n".join(_imports(named, [("orchestrator.testing", "given"), (module, name)])),
        "\n".join(f"{key} = {as_python(value, len(key) + 3)}" for key, value in used.items()),
    ]
    return "\n\n".join(parts) + f"\n\n\n{body}\n"


def _occurs(name: str, text: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _imports(models: Iterable[type[BaseModel]], more: list[tuple[str, str]]) -> Iterator[str]:
    """Import statements, a line each, sorted by module."""
    by_module: dict[str, set[str]] = {}
    for module, name in (*((model.__module__, model.__name__) for model in models), *more):
        by_module.setdefault(module, set()).add(name)
    for module, names in sorted(by_module.items()):
        ordered = sorted(names, key=str.lower)
        line = f"from {module} import {', '.join(ordered)}"
        if len(line) <= _WIDTH:
            yield line
        else:
            yield "\n".join([f"from {module} import (", *(f"    {n}," for n in ordered), ")"])


def _test(saga: Saga, messages: Messages, name: str, case: Case) -> str:
    function = re.sub(r"\W", "_", case.name)
    lines = [f"given({name})", *Script(saga, messages).play(case.path)]
    chain = "\n".join(f"        {line}" for line in lines)
    return f'def test_{function}() -> None:\n    """{case.shows}"""\n    (\n{chain}\n    )'
