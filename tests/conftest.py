"""What every test may use: free ports, and a reason for each test that this machine cannot run."""

import os
import shutil
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
KAFKA_ADDRESS = "SAGA_TEST_KAFKA"

# No test asserts a time, so hypothesis must not either: the machine may be busy.
settings.register_profile("saga", settings.default, deadline=None)
settings.load_profile("saga")


def _no_kafka() -> str | None:
    if os.environ.get(KAFKA_ADDRESS):
        return None
    return f"no real Kafka: run `saga kafka start` and set {KAFKA_ADDRESS}=HOST:PORT"


def _no_docker() -> str | None:
    if shutil.which("docker") is None:
        return "no Docker: the docker command is not on PATH"
    import docker  # pylint: disable=import-outside-toplevel  # slow, and only these tests need it

    try:
        with closing(docker.from_env(timeout=5)) as client:
            client.ping()
    except docker.errors.DockerException as error:
        return f"no Docker engine answers: {error}"
    return None


def _no_browser() -> str | None:
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return None
    return "no browser: chromium is not on PATH"


MISSING: dict[str, Callable[[], str | None]] = {
    "kafka": _no_kafka,
    "docker": _no_docker,
    "browser": _no_browser,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs something that is not here; the reason says how to get it."""
    marked = {name: [item for item in items if item.get_closest_marker(name)] for name in MISSING}
    for name, waiting in marked.items():
        reason = MISSING[name]() if waiting else None
        if reason is not None:
            for item in waiting:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def kafka_address() -> str:
    """HOST:PORT of the real Kafka of this run; for tests marked ``kafka``."""
    return os.environ[KAFKA_ADDRESS]


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that nobody listens on; where port 0 will do, use that instead."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
