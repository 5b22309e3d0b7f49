"""Messages and facts in the words of a test that failed."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import asdict

from orchestrator.engine.facts import Emitted, Fact, Sent


def fields(data: Mapping[str, Any]) -> str:
    """The fields of a message as one writes them in Python."""
    return ", ".join(f"{name}={value!r}" for name, value in data.items())


def commands(sent: Iterable[Sent]) -> str:
    """Commands that were sent."""
    return ", ".join(f"{one.command}({fields(one.data)})" for one in sent) or "nothing"


def events(told: Iterable[Emitted]) -> str:
    """Events that were told."""
    return ", ".join(f"{one.event}({fields(one.data)})" for one in told) or "none"


def line(fact: Fact) -> str:
    """One fact in one line."""
    name = type(fact).__name__.lower()
    if isinstance(fact, Sent):
        said = f"{fact.step} {fact.direction} {commands([fact])}, attempt {fact.attempt}"
    elif isinstance(fact, Emitted):
        said = events([fact])
    else:
        said = fields({k: v for k, v in asdict(fact).items() if v not in ("", (), {}, 0, None)})
    return f"{name:<12} {said}".rstrip()
