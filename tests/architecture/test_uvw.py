"""uvw on machines that have an old uv, a new one, none, and hardly any Python."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.architecture import git
from tests.architecture.machine import MINIMUM, PINNED, ROOT, UVW, Machine, put


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a shell and a few tools: no uv, no Python."""
    return Machine(tmp_path)


@pytest.mark.parametrize("version", [MINIMUM, PINNED, "9.0.0", "1.2", "0.100.0"])
def test_a_uv_on_path_that_is_new_enough_is_used(machine: Machine, version: str) -> None:
    machine.has_uv(version)
    status, out, err = machine.run("run", "saga", "start", "--input", '{"a": "b  c"}', "")
    assert (status, err, machine.installed()) == (0, "", [])
    assert out[0] == f"uv={version}"
    given = [line for line in out if line.startswith("argument=")]
    words = ["run", "saga", "start", "--input", '{"a": "b  c"}', ""]
    assert given == [f"argument=<{word}>" for word in words]


@pytest.mark.parametrize("version", ["0.4.30", "0.10.99", "0.9.9", "nonsense", ""])
def test_a_uv_on_path_that_is_too_old_is_passed_over(machine: Machine, version: str) -> None:
    machine.has_uv(version)
    machine.has_python()
    status, out, _ = machine.run("sync")
    assert (status, out[0], machine.installed()) == (0, f"uv={PINNED}", [PINNED])


def test_a_uv_on_path_that_does_not_run_is_passed_over(machine: Machine) -> None:
    put(machine.bin / "uv", "#!/bin/sh\nexit 127\n")
    machine.has_python()
    assert machine.run("sync")[1][0] == f"uv={PINNED}"


def test_without_uv_the_pinned_one_is_installed_once(machine: Machine) -> None:
    machine.has_python()
    first, second = machine.run("sync"), machine.run("sync")
    assert first[0] == second[0] == 0
    assert first[1] == second[1]
    assert second[2] == ""
    calls = machine.calls.read_text(encoding="utf-8")
    assert calls.count(f"pip install --quiet uv=={PINNED}") == 1


def test_the_program_may_be_called_python(machine: Machine) -> None:
    machine.has_python("python")
    assert machine.run("sync")[0] == 0


def test_a_python3_that_does_not_run_gives_way_to_python(machine: Machine) -> None:
    put(machine.bin / "python3", "#!/bin/sh\nexit 127\n")
    machine.has_python("python")
    assert machine.run("sync")[0] == 0


def test_without_ensurepip_pip_installs_into_a_folder(machine: Machine) -> None:
    machine.has_python()
    status, out, _ = machine.run("sync", STUB_NO_ENSUREPIP="1")
    assert (status, out[0], machine.installed()) == (0, f"uv={PINNED}", [PINNED])
    calls = machine.calls.read_text(encoding="utf-8")
    assert "--target" in calls
    assert "-m venv" not in calls


def test_without_ensurepip_and_pip_one_line_names_the_package(machine: Machine) -> None:
    machine.has_python()
    status, out, err = machine.run("sync", STUB_NO_ENSUREPIP="1", STUB_NO_PIP="1")
    assert (status, out, machine.installed()) == (1, [], [])
    assert "python3-venv" in err.splitlines()[-1]
    assert "python3-pip" in err.splitlines()[-1]


def test_without_python_one_line_names_the_package(machine: Machine) -> None:
    status, out, err = machine.run("sync")
    assert (status, out, machine.installed()) == (1, [], [])
    assert len(err.splitlines()) == 1
    assert "python3" in err


def test_a_failed_installation_leaves_nothing_behind(machine: Machine) -> None:
    machine.has_python()
    status, out, err = machine.run("sync", STUB_PIP_FAILS="1")
    assert (status, out, machine.installed()) == (1, [], [])
    assert "pip: no such host" in err
    assert machine.run("sync")[0] == 0


def test_several_at_once_install_one(machine: Machine) -> None:
    machine.has_python()
    running = [machine.start("sync") for _ in range(6)]
    answers = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0] * 6, answers
    assert machine.installed() == [PINNED]
    assert [path.name for path in (machine.checkout / ".uv" / PINNED).iterdir()] == ["uv"]


def test_the_exit_status_is_uvs(machine: Machine) -> None:
    machine.has_uv(PINNED)
    assert machine.run("run", "false", STUB_STATUS="7")[0] == 7


@pytest.mark.parametrize("relative", [True, False])
def test_it_is_found_through_symlinks_and_from_elsewhere(machine: Machine, relative: bool) -> None:
    machine.has_python()
    elsewhere = machine.folder / "elsewhere"
    elsewhere.mkdir()
    target = Path("../a checkout/uvw") if relative else machine.checkout / "uvw"
    (elsewhere / "first").symlink_to(target)
    (elsewhere / "second").symlink_to("first")
    done = subprocess.run(
        ["./second", "sync"],
        cwd=elsewhere,
        env=machine.environment(CDPATH=str(machine.folder)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"UV_PROJECT={machine.checkout.resolve()}" in done.stdout.splitlines()
    assert machine.installed() == [PINNED]


def test_inside_the_checkout_uv_finds_the_project_by_itself(machine: Machine) -> None:
    machine.has_uv(PINNED)
    assert not [line for line in machine.run("sync")[1] if line.startswith("UV_PROJECT")]


def test_uv_gets_the_index_and_the_certificates_that_pip_was_told(machine: Machine) -> None:
    machine.has_uv(PINNED)
    told = {"PIP_INDEX_URL": "https://mirror.test/simple", "PIP_CERT": str(UVW)}
    out = machine.run("sync", **told)[1]
    assert "UV_DEFAULT_INDEX=https://mirror.test/simple" in out
    assert f"SSL_CERT_FILE={UVW}" in out
    assert "UV_SYSTEM_CERTS=true" in out


def test_pips_configuration_file_counts_too(machine: Machine) -> None:
    machine.has_uv(PINNED)
    file = machine.folder / "pip.conf"
    file.write_text(
        "[install]\nindex-url = https://wrong.test\n[global]\n index-url = https://right.test/s\n"
    )
    out = machine.run("sync", PIP_CONFIG_FILE=str(file))[1]
    assert "UV_DEFAULT_INDEX=https://right.test/s" in out


def test_what_uv_was_told_itself_comes_first(machine: Machine) -> None:
    machine.has_uv(PINNED)
    told = {"UV_DEFAULT_INDEX": "https://own.test", "PIP_INDEX_URL": "https://mirror.test"}
    out = machine.run("sync", **told, UV_SYSTEM_CERTS="false")[1]
    assert "UV_DEFAULT_INDEX=https://own.test" in out
    assert "UV_SYSTEM_CERTS=false" in out


def test_pyproject_asks_for_the_same_minimum() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert SpecifierSet(project["tool"]["uv"]["required-version"]) == SpecifierSet(f">={MINIMUM}")
    assert Version(PINNED) >= Version(MINIMUM)


def test_its_folder_is_ignored_by_git() -> None:
    assert git.ignores(".uv/x")
