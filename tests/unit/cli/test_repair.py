"""`saga repair` and `saga cancel`: what they ask of the HTTP API."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from orchestrator.cli import cancel, repair
from orchestrator.cli.main import run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], str]]:
    """Path, body and key of every repair that is asked for."""
    found: list[tuple[str, dict[str, Any], str]] = []

    class Client:
        def post(
            self,
            path: str,
            body: dict[str, Any],
            *,
            headers: Mapping[str, str],
            timeout_s: float = 1,
        ) -> Any:
            assert timeout_s
            found.append((path, body, headers["Idempotency-Key"]))
            told = {"action": body.get("action"), "step": body.get("step")}
            return {"saga": 7, "outcome": "pending", **told}

    @contextmanager
    def connected(_settings: object) -> Generator[Client, None, None]:
        yield Client()

    for command in (repair, cancel):
        monkeypatch.setattr(command, "connected", connected)
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


def test_cancel_says_why_and_who(
    asked: list[tuple[str, dict[str, Any], str]], capsys: pytest.CaptureFixture[str]
):
    assert run(["cancel", "7", "--reason", "ordered twice", "--by", "ann", "--key", "k"]) == 0
    assert asked == [("/sagas/7/cancel", {"reason": "ordered twice", "by": "ann"}, "k")]
    assert "not decided yet" in capsys.readouterr().out
    assert run(["cancel", "7"]) == 2  # a reason is kept in the history, so there must be one
