"""`saga repair`: what it asks of the HTTP API."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from orchestrator.cli import repair
from orchestrator.cli.main import run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], str]]:
    """Path, body and key of every repair that is asked for."""
    found: list[tuple[str, dict[str, Any], str]] = []

    class Client:
        def post(self, path: str, body: dict[str, Any], *, headers: Mapping[str, str]) -> Any:
            found.append((path, body, headers["Idempotency-Key"]))
            return {"saga": 7, "action": body["action"], "step": body["step"]}

    @contextmanager
    def connected(_settings: object) -> Generator[Client, None, None]:
        yield Client()

    monkeypatch.setattr(repair, "connected", connected)
    return found


def test_the_key_that_is_given_names_the_repair(asked: list[tuple[str, dict[str, Any], str]]):
    assert run(["repair", "7", "skip", "--reason", "lost", "--step", "b", "--key", "k"]) == 0
    body = {"action": "skip", "reason": "lost", "step": "b"}
    assert asked == [("/sagas/7/repair", body, "k")]


def test_without_a_key_every_call_is_a_repair_of_its_own(
    asked: list[tuple[str, dict[str, Any], str]],
):
    for _ in range(2):
        assert run(["repair", "7", "retry", "--reason", "it is back"]) == 0
    assert len({key for _, _, key in asked}) == 2
