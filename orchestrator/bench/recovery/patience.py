"""The benched saga with timeouts of the bench's own, as an application that other processes load.

Only the timeouts differ: sagas that are to stay open must not be given up while they are counted,
and those whose deadlines are to pass must not need ten seconds for it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

from msgspec.structs import replace as changed

from orchestrator.definition.nodes import Node, Parallel, Wait, version
from orchestrator.definition.words.builder import Saga

MODULE: Final = "saga_bench_patience"

_SOURCE: Final = '''"""Written by `saga bench recovery`: {app}, its steps wait {timeout_ms} ms."""

from dataclasses import replace

from orchestrator.bench.recovery.patience import patient
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.load import load_application

_loaded = load_application({app!r})
saga = patient(
    next(one for one in load_sagas(_loaded) if one.name == {saga!r}), {timeout_ms}
)
app = replace(_loaded, sagas=("{module}:saga",))
'''


def patient(saga: Saga, timeout_ms: int) -> Saga:
    """The same saga, each of whose commands is waited for this long (waits and children stay)."""
    body = tuple(_patient(node, timeout_ms) for node in saga.definition.body)
    definition = changed(saga.definition, body=body)
    return replace(saga, definition=definition, version=version(definition))


def write_application(folder: Path, app: str, saga: str, timeout_ms: int) -> str:
    """Write the application into a folder, which ``--app-dir`` is to name; its own name."""
    folder.mkdir(parents=True, exist_ok=True)
    source = _SOURCE.format(app=app, saga=saga, timeout_ms=timeout_ms, module=MODULE)
    (folder / f"{MODULE}.py").write_text(source, "utf-8")
    return f"{MODULE}:app"


def _patient(node: Node, timeout_ms: int) -> Node:
    if isinstance(node, Parallel):
        branches = (tuple(_patient(n, timeout_ms) for n in branch) for branch in node.branches)
        return Parallel(tuple(branches))
    if isinstance(node, Wait) or node.child:
        return node
    return changed(node, timeout_ms=timeout_ms)
