"""What the deployment files set exists, and every setting is in .env.example."""

import re
import tomllib
from pathlib import Path

from infra.broker.settings import BrokerSettings
from orchestrator.cli.registry import COMMANDS
from orchestrator.settings import Settings
from services.participant.settings import ServiceSettings

ROOT = Path(__file__).resolve().parents[2]
STATEFULSET = (ROOT / "infra/deploy/statefulset.yaml").read_text(encoding="utf-8")
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def settings() -> set[str]:
    """The environment variable of each setting."""
    ours = {f"SAGA_{name}" for name in dict(Settings.model_fields)}
    brokers = {f"KAFKA_{name}" for name in dict(BrokerSettings.model_fields)}
    services = {f"SAGA_SERVICE_{name}" for name in dict(ServiceSettings.model_fields)}
    return {name.upper() for name in ours | brokers | services}


def named(text: str) -> set[str]:
    """The settings of ours that a text names."""
    return set(re.findall(r"\b(?:SAGA|KAFKA)_[A-Z_]+\b", text))


def test_the_example_lists_every_setting_and_no_other() -> None:
    assert named(EXAMPLE) == settings()


def test_the_deployment_files_set_only_what_exists() -> None:
    used = named(STATEFULSET) | named(CONTAINERFILE)
    assert used
    assert used <= settings()


def test_the_deployment_files_run_commands_that_exist() -> None:
    run = re.findall(r"args: \[(\w+)", STATEFULSET) + re.findall(r'CMD \["(\w+)"', CONTAINERFILE)
    assert len(run) == 2
    assert set(run) <= COMMANDS.keys()


def test_the_image_is_named_after_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"image: saga:{project['version']}\n" in STATEFULSET


def test_the_container_takes_everything_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {*needed, project["project"]["readme"], "pyproject.toml", "LICENSE"}
    kept = re.findall(
        r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert needed <= set(kept)
