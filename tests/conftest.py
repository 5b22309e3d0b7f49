"""What every test may use: the brokers, and a reason for each test that this machine cannot run."""

import shutil
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import settings

from tests.brokers import (  # noqa: F401  # pylint: disable=unused-import  # fixtures
    any_broker,
    docker_kafka,
    embedded,
    embedded_broker,
    kafka_bootstrap,
    kafka_broker,
    local_kafka,
    make_topics,
    no_docker,
    no_kafka,
)

# No test asserts a time, so hypothesis must not either: the machine may be busy. And one finding is
# told at a time, as the assertion that it is: several would be a group of exceptions.
settings.register_profile("saga", settings.default, deadline=None, report_multiple_bugs=False)
settings.load_profile("saga")


def _no_browser() -> str | None:
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if not missing:
        return None
    return f"no browser: {' and '.join(missing)} not on PATH (apt: chromium chromium-driver)"


MISSING: dict[str, Callable[[], str | None]] = {
    "kafka": no_kafka,
    "docker": no_docker,
    "browser": _no_browser,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs something that is not here, saying how to get it; begin with what is long."""
    marked = {name: [item for item in items if item.get_closest_marker(name)] for name in MISSING}
    for name, waiting in marked.items():
        reason = MISSING[name]() if waiting else None
        if reason is not None:
            for item in waiting:
                item.add_marker(pytest.mark.skip(reason=reason))

    # Several processes share the tests out by files: the long ones come first, or one of them ends
    # long after the others.
    items.sort(key=lambda item: "acceptance" not in item.path.parts)


LEFT_OUT: Counter[str] = Counter()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember what of the proof does not run here."""
    LEFT_OUT.update(
        item.path.parent.name for item in items if item.get_closest_marker("proof") is not None
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what of the proof did not run, and what runs it: nothing is left out in silence."""
    if LEFT_OUT:
        folders = ", ".join(f"{count} in {name}" for name, count in sorted(LEFT_OUT.items()))
        terminalreporter.write_line(
            f"left out, as a sample of them is enough here: {folders};"
            " `saga proof --full` runs them all"
        )
