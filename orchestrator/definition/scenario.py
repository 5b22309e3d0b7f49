"""Scenarios as plain data: which sagas a demo starts and which row each is meant to show, and what
a benchmark asks over HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One saga of the demo.

    - ``label`` names it for people, and is its request key; ``saga`` names the definition.
    - ``fails`` names the steps that this input makes fail: the row of the compensation table with
      exactly these failures must come out. Nothing else is expected here; the table says the rest.
    - ``after`` is the label of a case that must be over before this one starts, its events read.
    """

    label: str
    saga: str
    input: Mapping[str, object]
    fails: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Scenario:
    """What ``saga demo`` plays; ``every_row_of`` names sagas whose whole table must be covered."""

    cases: tuple[Case, ...]
    every_row_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """One HTTP request: ``body`` is sent as JSON."""

    method: str
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Visit:
    """What a customer asks about one saga of the definition ``saga``: starts it, looks at it, and
    tells it something.
    """

    saga: str
    start: Ask
    status: Ask
    signal: Ask
