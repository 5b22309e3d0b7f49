"""The import map holds, and each of its contracts can be broken."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / ".importlinter"
NAMES = re.findall(r"^name = (.+)$", CONFIG.read_text(encoding="utf-8"), re.MULTILINE)
PACKAGES = ("contracts", "infra", "orchestrator", "sagas", "services")
ROOMS = ("cli", "bootstrap", "admin", "runtime", "sagalog", "engine", "definition")

# One forbidden import for each line of the map: (module, what it must not import).
FORBIDDEN = [
    ("orchestrator.definition.wrong", "orchestrator.engine"),
    ("orchestrator.engine.wrong", "orchestrator.sagalog"),
    ("orchestrator.sagalog.wrong", "orchestrator.runtime"),
    ("orchestrator.runtime.wrong", "orchestrator.admin"),
    ("orchestrator.runtime.wrong", "orchestrator.bootstrap"),
    ("orchestrator.admin.wrong", "orchestrator.cli"),
    ("orchestrator.anything", "orchestrator.cli"),
    ("orchestrator.definition.wrong", "time"),
    ("orchestrator.definition.wrong", "uuid"),
    ("orchestrator.engine.wrong", "sqlite3"),
    ("orchestrator.engine.wrong", "asyncio"),
    ("orchestrator.engine.wrong", "random"),
    ("orchestrator.engine.wrong", "aiokafka"),
    ("orchestrator.engine.wrong", "infra"),
    ("orchestrator.runtime.wrong", "contracts.orders"),
    ("orchestrator.runtime.wrong", "sagas"),
    ("orchestrator.cli.wrong", "services.payment"),
    ("sagas.wrong", "orchestrator.engine"),
    ("sagas.wrong", "infra"),
    ("sagas.wrong", "services.payment"),
    ("services.payment", "orchestrator"),
    ("services.payment", "orchestrator.definition"),
    ("services.payment", "sagas"),
    ("services.payment", "services.shipping"),
    ("services.participant", "services.payment"),
    ("infra.wrong", "contracts.envelope"),
    ("infra.wrong", "orchestrator"),
    ("contracts.wrong", "infra"),
    ("contracts.wrong", "orchestrator.definition"),
    ("contracts.wrong", "msgspec"),
    ("contracts.wrong", "time"),
]

ALLOWED = [
    ("orchestrator.cli.right", "orchestrator.bootstrap"),
    ("orchestrator.bootstrap.right", "orchestrator.admin"),
    ("orchestrator.runtime.right", "orchestrator.sagalog"),
    ("orchestrator.runtime.right", "infra"),
    ("orchestrator.runtime.right", "contracts.envelope"),
    ("orchestrator.engine.right", "contracts.topics"),
    ("sagas.__init__", "orchestrator.definition"),
    ("sagas.right", "orchestrator.definition"),
    ("orchestrator.definition.right", "contracts.messages"),
    ("sagas.right", "contracts.orders"),
    ("services.payment", "services.participant"),
    ("services.participant", "infra"),
    ("services.payment", "contracts.orders"),
    ("infra.right", "aiokafka"),
    ("contracts.right", "pydantic"),
]


def lint(folder: Path) -> tuple[int, str]:
    """Run import-linter in a folder; its exit status and what it said, without line breaks."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"),
            *("--no-cache", "--no-logo", "--config", str(folder / ".importlinter")),
        ],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def plant(folder: Path, imports: list[tuple[str, str]]) -> None:
    """Write a house of empty rooms whose only imports are the given ones."""
    shutil.copy(CONFIG, folder)
    rooms = [*PACKAGES, *(f"orchestrator/{room}" for room in ROOMS)]
    for room in rooms:
        (folder / room).mkdir()
        (folder / room / "__init__.py").touch()
    for module in (
        "contracts/envelope",
        "contracts/topics",
        "contracts/orders",
        "contracts/messages",
    ):
        (folder / f"{module}.py").touch()
    for module in ("services/payment", "services/shipping", "services/participant"):
        (folder / f"{module}.py").touch()
    for module, target in imports:
        with (folder / f"{module.replace('.', '/')}.py").open("a", encoding="utf-8") as file:
            file.write(f"import {target}\n")


def test_the_map_holds() -> None:
    status, said = lint(ROOT)
    assert status == 0, said


def test_what_the_map_allows_passes(tmp_path: Path) -> None:
    plant(tmp_path, ALLOWED)
    status, said = lint(tmp_path)
    assert status == 0, said


def test_every_contract_can_be_broken(tmp_path: Path) -> None:
    plant(tmp_path, FORBIDDEN)
    said = lint(tmp_path)[1]
    kept = [name for name in NAMES if not re.search(re.escape(name) + r"\s?BROKEN", said)]
    assert not kept, said


@pytest.mark.parametrize(("module", "target"), FORBIDDEN)
def test_what_the_map_forbids_is_refused(tmp_path: Path, module: str, target: str) -> None:
    plant(tmp_path, [(module, target)])
    status, said = lint(tmp_path)
    assert status != 0, said
