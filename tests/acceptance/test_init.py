"""`saga init` in a repository of one's own: the built wheel, in an environment of its own.

The environment sees the packages of this one through a `.pth` file, so that no network is needed;
our own packages come from the wheel, which the test sees to.
"""

import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.conftest import environment

ROOT = Path(__file__).resolve().parents[2]
OURS = ("contracts", "infra", "orchestrator", "sagas", "services")
SHARED = Path(pytest.__file__).resolve().parents[1]


def packages_of_this_environment(folder: Path) -> Path:
    """A folder that shows the packages of this environment, without ours: those are editable."""
    shown = folder / "shared"
    shown.mkdir()
    for entry in SHARED.iterdir():
        ours = entry.name.startswith(("saga_orchestrator", "_saga_orchestrator", "_editable"))
        if not ours and entry.suffix != ".pth":
            (shown / entry.name).symlink_to(entry)
    return shown


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [str(ROOT / "uvw"), "build", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode != 0 and "hatchling" in done.stderr and "resolve" in done.stderr.lower():
        pytest.skip("no wheel can be built here: hatchling is not to be had without a network")
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    lib = next((folder / "env" / "lib").glob("python*")) / "site-packages"
    (lib / "shared.pth").write_text(f"{packages_of_this_environment(folder)}\n", encoding="utf-8")
    install = [str(ROOT / "uvw"), "pip", "install", "--offline", "--no-deps"]
    subprocess.run(
        [*install, "--python", str(python), str(wheel)], check=True, capture_output=True, timeout=60
    )
    return folder / "env" / "bin"


def run(where: Path, *command: str, **env: str) -> str:
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(
        command,
        cwd=where,
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_project_of_ones_own(installed: Path, tmp_path: Path) -> None:
    python, saga = str(installed / "python"), str(installed / "saga")
    place = run(tmp_path, python, "-c", "import orchestrator; print(orchestrator.__file__)")
    assert place.startswith(str(installed.parent))  # the wheel, not this checkout
    run(tmp_path, saga, "init", "my-hotel")
    project = tmp_path / "my-hotel"
    app = {"SAGA_APP": "my_hotel:app"}
    assert "4 passed" in run(project, python, "-m", "pytest", "-q", "-p", "no:randomly")
    assert "3 of 3 sagas went as their table says" in run(project, saga, "demo", **app)
    assert "release room" in run(project, saga, "table", "booking", "--markdown", **app)
    assert "10 of 10 sagas" in run(tmp_path, saga, "demo")  # ours comes with the wheel too


def test_the_wheel_holds_every_data_file(installed: Path) -> None:
    (wheel,) = (installed.parent.parent / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    kept = {".sql", ".tmpl", ".json", ".xml", ".j2"}
    tracked = subprocess.run(
        ["git", "ls-files", *OURS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    missing = [name for name in tracked if Path(name).suffix in kept and name not in held]
    assert missing == []
