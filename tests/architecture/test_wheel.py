"""One wheel with every file of the five packages in it, data files too, and nothing else."""

import subprocess
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.architecture import git

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "infra", "orchestrator", "sagas", "services")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [ROOT / "uvw", "build", "--wheel", "--quiet", "--out-dir", folder]
    subprocess.run(command, cwd=ROOT, check=True, timeout=110)
    (built,) = folder.glob("*.whl")
    return built


def sources() -> set[str]:
    """Every file of the packages that git knows or would take."""
    return git.files("--cached", "--others", "--exclude-standard", "--", *PACKAGES)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == sources()


def test_it_installs_the_saga_command_under_its_license(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        scripts = archive.read(f"{info}/entry_points.txt").decode()
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        license_text = archive.read(f"{info}/licenses/LICENSE").decode()
    assert "saga = orchestrator.cli.main:main" in scripts
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Apache License" in license_text
