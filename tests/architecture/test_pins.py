"""The pins in pyproject.toml and the environment agree, and no file names a registry."""

import tomllib
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture import git

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REGENERATE = "run ./uvw sync; if you changed a dependency, .ci/pins first"


def pins() -> dict[str, str]:
    """The pinned version of each distribution of this environment, by its canonical name."""
    environment = {**default_environment(), "extra": ""}
    found: dict[str, str] = {}
    for line in PYPROJECT["tool"]["uv"]["constraint-dependencies"]:
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(environment):
            (specifier,) = pin.specifier
            assert specifier.operator == "==", f"not a pin: {line}"
            found[canonicalize_name(pin.name)] = specifier.version
    return found


def installed() -> dict[str, str]:
    """The version of each distribution in this environment, this project aside."""
    own = canonicalize_name(PYPROJECT["project"]["name"])
    versions = {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}
    return {name: version for name, version in versions.items() if name != own}


def test_every_installed_distribution_is_pinned_to_its_version() -> None:
    known = pins()
    differing = {
        name: f"installed {version}, pinned {known.get(name, 'not at all')}"
        for name, version in installed().items()
        if known.get(name) != version
    }
    assert not differing, REGENERATE


def test_every_pin_of_this_platform_is_installed() -> None:
    assert not pins().keys() - installed().keys(), REGENERATE


def test_declared_dependencies_are_ranges_and_not_pins() -> None:
    project = PYPROJECT["project"]["dependencies"]
    groups = PYPROJECT["dependency-groups"]["dev"]
    for requirement in map(Requirement, project + groups):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators & {">=", "~="}, f"{requirement}: no lower bound"
        assert "==" not in operators, f"{requirement}: a pin stands under constraint-dependencies"


def test_what_is_installed_lies_within_the_declared_ranges() -> None:
    here = installed()
    for requirement in map(Requirement, PYPROJECT["project"]["dependencies"]):
        if requirement.marker is None or requirement.marker.evaluate():
            version = here[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement


def registry_hosts() -> set[str]:
    """The hosts that this machine takes packages from, read from the lock that uv wrote here."""
    lock = ROOT / "uv.lock"
    if not lock.exists():
        pytest.skip("no uv.lock: this environment was not made by uv")
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    urls = [package["source"].get("registry", "") for package in packages]
    urls += [
        file["url"] for package in packages for file in package.get("wheels", []) if "url" in file
    ]
    return {host for url in urls if (host := urlsplit(url).hostname)}


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = registry_hosts()
    assert hosts, "the lock names no registry: this test would see nothing"
    naming = {
        name: host
        for name in git.files()
        for host in hosts
        if host.encode() in (ROOT / name).read_bytes()
    }
    assert not naming


def test_the_lock_is_not_committed() -> None:
    assert git.ignores("uv.lock")
