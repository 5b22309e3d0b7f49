"""The command that formats a new node's data folder."""

from pathlib import Path
from uuid import UUID

import pytest

from infra.kafka import node
from infra.kafka.node import LocalKafka


def test_a_cluster_id_that_begins_with_a_dash_is_no_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One id in 64 does; in a word of its own the storage tool takes it for an option."""
    asked: list[list[str]] = []
    monkeypatch.setattr(node, "fetch", lambda _: tmp_path)
    monkeypatch.setattr(node, "program", lambda name: name)
    monkeypatch.setattr(node.uuid, "uuid4", lambda: UUID(bytes=b"\xf8" + bytes(15)))
    monkeypatch.setattr(node, "run", lambda command, **_: asked.append(command))
    monkeypatch.setattr(LocalKafka, "_launch", lambda *_: None)
    LocalKafka(tmp_path).start()
    command = asked.pop()
    assert not asked
    assert "--cluster-id=-AAAAAAAAAAAAAAAAAAAAA" in command
    assert not any(word.startswith("-A") for word in command)
