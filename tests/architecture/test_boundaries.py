"""Every call of an I/O port has a name, so that a crash can be tried there.

A port (a COMMIT, an append, a commit of offsets, a file put in its place) is called in one wrapping
place, and that one demands a `Boundary`. Here the source is read: who calls a port past its
wrapper, or passes no known name, fails.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.boundaries import OUTSIDE, Boundary, boundaries
from orchestrator.bootstrap.crash_points import ROOMS, crash_points

ROOT = Path(__file__).resolve().parents[2]
CODE = ("contracts", "infra", "orchestrator", "sagas", "services")

# Where the raw port is called, and what it is there. Everything else goes through these.
WRAPPERS = {
    ("infra/datastore/connection.py", "COMMIT"),
    ("infra/broker/batches.py", "send_batch"),
    ("infra/broker/offsets.py", "commit"),
    ("orchestrator/replay/placing.py", "replace"),
}
# Notes beside the stores (who runs here, what was checked): no saga hangs on them.
NO_SAGA = {
    ("infra/kafka/artifacts.py", "rename"),
    ("infra/kafka/state.py", "replace"),
    ("orchestrator/bootstrap/checked.py", "replace"),
    ("orchestrator/bootstrap/folder.py", "replace"),
}
# These drive the product from outside; they keep nothing and promise nothing.
OUTSIDE_ROOMS = ("orchestrator/bench/", "orchestrator/chaos/", "orchestrator/conformance/")
# The calls that demand a name, and in which of their arguments it is (counted from 0).
DEMANDING = {
    "transaction": 1,
    "migrate": 2,
    "commit_offsets": 2,
    "placing": 1,
}
RAW = {"send_batch", "send_and_wait", "send_offsets_to_transaction", "executescript"}


class Site(NamedTuple):
    """A call in the source: file, line, and what it passes as its boundary."""

    file: str
    line: int
    call: str
    boundary: str


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for room in CODE:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield str(file.relative_to(ROOT)), ast.parse(file.read_text(encoding="utf-8"))


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            target = node.func
            if isinstance(target, ast.Attribute):
                yield target.attr, node
            elif isinstance(target, ast.Name):
                yield target.id, node


def raw_ports(file: str, tree: ast.AST) -> Iterator[Site]:
    """Calls of a port itself."""
    for name, call in _calls(tree):
        if name in RAW or (name == "commit" and _is_a_port(call)):
            yield Site(file, call.lineno, name, "")
        elif name in ("execute", "executemany") and "COMMIT" in _text(call).upper().split():
            yield Site(file, call.lineno, "COMMIT", "")
        elif name in ("replace", "rename") and _moves_a_file(call):
            yield Site(file, call.lineno, name, "")


def _text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _is_a_port(call: ast.Call) -> bool:
    """A commit of a consumer or a connection; ours of a log, a house, a source are not raw."""
    assert isinstance(call.func, ast.Attribute)
    owner = ast.unparse(call.func.value).lower()
    return any(word in owner for word in ("consumer", "connection", "db", "writer", "producer"))


def _moves_a_file(call: ast.Call) -> bool:
    """`os.replace(a, b)` and `path.replace(b)`; `text.replace(a, b)` has two arguments."""
    assert isinstance(call.func, (ast.Attribute, ast.Name))
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if owner == "os":
        return True
    return len(call.args) == 1 and not call.keywords and "metrics" not in owner


def named_sites(file: str, tree: ast.AST) -> Iterator[Site]:
    """Calls that demand a boundary, and what each passes (empty: nothing)."""
    for name, call in _calls(tree):
        place = DEMANDING.get(name)
        if name == "submit":
            # Of a lane, of senders; what has one argument (a pool, a delivery) is none of them.
            place = {2: 1, 4: 3}.get(len(call.args))
            if place is None and len(call.args) == 3:
                yield Site(file, call.lineno, name, "")
        elif name == "append" and len(call.args) > 2:  # of a sender: no name
            yield Site(file, call.lineno, name, "")
        if place is not None:
            passed = call.args[place] if len(call.args) > place else None
            yield Site(file, call.lineno, name, ast.unparse(passed) if passed else "")
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if isinstance(item.context_expr, ast.Name) and item.context_expr.id.isupper():
                    yield Site(file, node.lineno, "with", item.context_expr.id)


def _known() -> dict[str, Boundary]:
    """The constants of the rooms that name boundaries."""
    crash_points()
    found: dict[str, Boundary] = {"OUTSIDE": OUTSIDE}
    for module, tree in ((room, ROOT / (room.replace(".", "/") + ".py")) for room in ROOMS):
        for node in ast.parse(tree.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                constant = node.target.id
                found[f"{module}.{constant}"] = getattr(
                    __import__(module, fromlist=["_"]), constant
                )
    return found


def _imports(tree: ast.Module) -> dict[str, str]:
    """The names that a module imports from the rooms' boundaries: name here -> full name."""
    found = {"OUTSIDE": "OUTSIDE"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ROOMS:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def test_a_port_is_called_only_where_it_is_wrapped() -> None:
    found = {
        site
        for file, tree in _trees()
        if not file.startswith(OUTSIDE_ROOMS)
        for site in raw_ports(file, tree)
    }
    wrong = [s for s in sorted(found) if (s.file, s.call) not in WRAPPERS | NO_SAGA]
    assert not wrong, wrong
    assert {(s.file, s.call) for s in found} >= WRAPPERS, "a wrapper is gone from this list's place"


def test_every_call_that_demands_a_name_passes_a_known_one() -> None:
    known = _known()
    wrong: list[str] = []
    for file, tree in _trees():
        imports = _imports(tree)
        outside = file.startswith(OUTSIDE_ROOMS) or file == "infra/broker/batches.py"
        for site in named_sites(file, tree):
            full = imports.get(site.boundary, "")
            handed_on = "boundary" in site.boundary or site.boundary == "place[2]"
            if full == "OUTSIDE" and not outside:
                wrong.append(f"{site.file}:{site.line}: {site.call} is no tool's")
            elif full not in known and not handed_on:
                wrong.append(f"{site.file}:{site.line}: {site.call} names {site.boundary!r}")
    assert not wrong, "\n".join(wrong)


def test_every_boundary_is_at_a_call_site() -> None:
    """A name that is declared and passed nowhere would be a crash point that nothing reaches."""
    loaded = {
        full
        for file, tree in _trees()
        for name, full in _imports(tree).items()
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(tree))
    }
    assert {*_known()} - {"OUTSIDE"} <= loaded


def test_boundaries_are_declared_in_the_rooms_that_are_listed() -> None:
    """A room that is not listed would not be known to `saga proof points` and to the check."""
    declaring = {
        file.removesuffix(".py").replace("/", ".")
        for file, tree in _trees()
        for name, _ in _calls(tree)
        if name == "boundary" and file != "infra/boundaries.py"
    }
    assert declaring == set(ROOMS)
    known = _known()
    assert len(boundaries()) == len(known) - 1


@pytest.mark.parametrize(
    "source",
    [
        "db.execute('COMMIT')",
        "self._consumer.commit(offsets)",
        "producer.send_batch(batch, topic, partition=1)",
        "os.replace(beside, target)",
        "db.executescript(text)",
    ],
)
def test_a_raw_port_is_seen(source: str) -> None:
    assert list(raw_ports("x.py", ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "transaction(db)",
        "migrate(db, package)",
        "sender.submit(topic, 0, records)",
        "sender.append(topic, 0, values)",
        "commit_offsets(consumer, offsets)",
    ],
)
def test_a_call_without_a_name_is_seen(source: str) -> None:
    assert [site.boundary for site in named_sites("x.py", ast.parse(source))] == [""]


def test_the_call_sites_are_listed() -> None:
    """`pytest -s` shows them: file, line, call and the name it passes."""
    sites = [
        site
        for file, tree in _trees()
        if not file.startswith(OUTSIDE_ROOMS)
        for site in named_sites(file, tree)
    ]
    for site in sites:
        print(f"{site.file}:{site.line} {site.call} {site.boundary}")
    assert len(sites) >= len(boundaries()) // 2
