"""uvw on machines that have an old uv, a new one, none, and hardly any Python.

Each test is a machine of its own: a PATH with a few tools and stubs for ``uv`` and ``python3``, and a
copy of uvw in a checkout that holds nothing else. Nothing is downloaded.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
UVW = ROOT / "uvw"
SCRIPT = UVW.read_text(encoding="utf-8")
TOOLS = ("awk", "cat", "chmod", "cp", "dirname", "env", "grep", "mkdir", "mktemp", "readlink", "rm", "sh")

# Prints its arguments and what uvw told it by environment, then ends as it is told to.
UV_STUB = """#!/bin/sh
if [ "$1" = --version ]; then echo "uv {version} (stub)"; exit 0; fi
echo "uv={version}"
for argument; do printf 'argument=<%s>\\n' "$argument"; done
env | grep -E '^(UV_|SSL_CERT_FILE)' || :
exit ${{STUB_STATUS:-0}}
"""

# Answers uvw's questions, lets pip "install" the stub above, and leaves the rename to a real Python.
PYTHON_STUB = """#!/bin/sh
echo "$*" >>"$STUB_CALLS"
bin=$(dirname "$0")
case "$*" in
    "-c import ensurepip, venv") exit "${STUB_NO_ENSUREPIP:-0}" ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip --version") exit "${STUB_NO_PIP:-0}" ;;
    "-m pip install "*)
        [ -z "${STUB_PIP_FAILS:-}" ] || { echo "pip: no such host" >&2; exit 1; }
        if [ "$5" = --target ]; then bin=$6/bin; fi
        mkdir -p "$bin" && cp "$STUB_UV" "$bin/uv"
        ;;
    *) exec "$STUB_REAL_PYTHON" "$@" ;;
esac
"""


def constant(name: str) -> str:
    """The value of a constant at the head of uvw."""
    (value,) = re.findall(rf"^{name}=(\S+)", SCRIPT, re.MULTILINE)
    return str(value)


MINIMUM, PINNED = constant("minimum"), constant("version")


def put(path: Path, text: str) -> Path:
    """Write an executable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@dataclass
class Machine:
    """A PATH, a checkout with uvw in it, and a record of what its Python was asked."""

    folder: Path

    def __post_init__(self) -> None:
        self.bin = self.folder / "bin"
        self.checkout = self.folder / "a checkout"
        self.calls = self.folder / "calls"
        self.calls.touch()
        put(self.checkout / "uvw", SCRIPT)
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, f"this machine has no {tool}"
            (self.bin / tool).symlink_to(found)
        put(self.folder / "downloads/uv", UV_STUB.format(version=PINNED))

    def has_uv(self, version: str) -> None:
        """Put a uv of that version on the PATH."""
        put(self.bin / "uv", UV_STUB.format(version=version))

    def has_python(self, name: str = "python3") -> None:
        """Put a Python of that name on the PATH."""
        put(self.bin / name, PYTHON_STUB)

    def environment(self, **extra: str) -> dict[str, str]:
        """The whole environment of a run: nothing of this machine's settings."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder / "home"),
            "STUB_CALLS": str(self.calls),
            "STUB_UV": str(self.folder / "downloads/uv"),
            "STUB_REAL_PYTHON": sys.executable,
            # A file that exists, so that no pip.conf of this machine is read as the user's own.
            "PIP_CONFIG_FILE": os.devnull,
            **extra,
        }

    def start(self, *arguments: str, **extra: str) -> "subprocess.Popen[str]":
        """Start ``uvw ARGUMENTS`` in the checkout."""
        return subprocess.Popen(
            [self.checkout / "uvw", *arguments],
            cwd=self.checkout,
            env=self.environment(**extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **extra: str) -> tuple[int, list[str], str]:
        """Run ``uvw ARGUMENTS``; exit status, lines of output, errors."""
        with self.start(*arguments, **extra) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out.splitlines(), err

    def installed(self) -> list[str]:
        """What lies in .uv of the checkout, half-done things too."""
        return sorted(path.name for path in self.checkout.glob(".uv/*"))


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
    asked = subprocess.run(["git", "check-ignore", "-q", ".uv/x"], cwd=ROOT, check=False)
    assert asked.returncode == 0
